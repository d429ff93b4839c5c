import { createRandom, type Random } from '../../support/random.ts';
import { createScorer, type Scorer } from '../scoring/candidate-scorer.ts';
import { createSampler, type Sampler } from '../space/sampling.ts';
import { createStopwatch } from '../stopwatch.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { cautionOf, type LearnedOptions } from './learned.ts';

/** What a way of choosing has at hand. */
export interface Guide {
  readonly space: SearchSpace;
  readonly sampler: Sampler;
  readonly scorer: Scorer;
  readonly random: Random;
}

export interface GuidedOptions extends LearnedOptions {
  /** Trials drawn at random before the model is asked. */
  readonly warmUp?: number;
  /** Fraction of the trials afterwards that are drawn at random. */
  readonly epsilon?: number;
  /** Trials between two fits. */
  readonly round?: number;
}

const defaultWarmUp = 16;
/** AutoTVM and MetaSchedule measure 64 at once, on clusters of devices; one device need not wait so long to learn. */
const defaultRound = 8;
const defaultEpsilon = 0.05;

/**
 * The frame of the baselines with a booster: after some trials at random, in every round the model is fitted on everything measured and
 * `choose` gives the candidates in the order to measure them. A share of random trials stays, as in AutoTVM and MetaSchedule.
 */
export function createGuidedSearch(
  name: string,
  space: SearchSpace,
  options: GuidedOptions,
  choose: (guide: Guide, count: number) => readonly Candidate[],
): SearchStrategy {
  const { seed, model, warmUp = defaultWarmUp, epsilon = defaultEpsilon } = options;
  const root = createRandom(seed).fork(name);
  const random = root.fork('choices');
  const sampler = createSampler(space, root.fork('pool'));
  const scorer = createScorer(space, model);
  const guide: Guide = { space, sampler, scorer, random };
  const stopwatch = createStopwatch();

  const isCautious = cautionOf(options, sampler.history);

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const take = (candidate: Candidate): void => {
      sampler.history.reserve(candidate);
      proposals.push(candidate);
    };
    const cautious = isCautious();
    const guided = cautious || (sampler.history.size >= warmUp && model.trained);
    const chosen = guided ? choose(guide, count) : [];
    let next = 0;
    while (proposals.length < count) {
      while (next < chosen.length && sampler.history.has(chosen[next] as Candidate)) next++;
      const lucky = guided && !cautious && random.unit() < epsilon;
      const candidate = (lucky ? null : chosen[next]) ?? sampler.unseen();
      if (candidate === null) break;
      take(candidate);
    }
    return proposals;
  };

  return {
    name,
    get round() {
      return isCautious() ? 1 : (options.round ?? defaultRound);
    },
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) sampler.history.add(result);
      await stopwatch.fitting(async () => {
        // Failures alone would teach a model that all candidates are alike.
        if (sampler.history.size < warmUp || sampler.history.bestNs === null) return;
        await model.fit(sampler.history.trainingData());
        scorer.forget();
      });
    },
    tally: sampler.tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}

/** Candidates with their scores, best first; equal scores in the order given. Repeats and what was taken are left out. */
export function ranked({ sampler, scorer }: Guide, candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  const fresh = candidates.filter((candidate) => {
    const key = candidateKey(candidate);
    if (seen.has(key) || sampler.history.has(candidate)) return false;
    seen.add(key);
    return true;
  });
  const scores = scorer.scores(fresh);
  return fresh
    .map((candidate, at) => ({ ...candidate, score: scores[at] as number }))
    .sort((a, b) => b.score - a.score);
}
