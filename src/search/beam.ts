import type { CostModel } from '../cost-model/cost-model.ts';
import { createRandom } from '../support/random.ts';
import { type Choice, createChooser } from './chooser.ts';
import { type Constructed, constructCandidates } from './construct.ts';
import { createJudge, type PrefixJudgement } from './judge.ts';
import { createPool } from './pool.ts';
import { createScorer } from './scorer.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from './strategy.ts';

export interface BeamOptions {
  readonly seed: number;
  readonly model: CostModel;
  /** Survivors of each depth, shared among the sketches. */
  readonly width?: number;
  readonly keepAlive?: number;
  /** Fraction of a proposal that is drawn at random from the whole space. */
  readonly epsilon?: number;
  readonly judgement?: PrefixJudgement;
  readonly completions?: number;
  /** Whether a space small enough is listed, so that all completions of its prefixes are judged instead of some. */
  readonly listing?: boolean;
  /** Prefix rows in the training set, at most. */
  readonly maxPrefixes?: number;
}

const defaults = {
  width: 64,
  keepAlive: 0.15,
  epsilon: 0.15,
  judgement: 'completions',
  completions: 8,
  maxPrefixes: 1500,
  listing: true,
} as const;
const leastWidth = 12;
/** Trials after which the share of random draws has fallen to a third of its start. */
const ignoranceTrials = 40;
/** Each widening doubles the beam. */
const maxWidenings = 3;

/**
 * Sequential construction of schedules with a learned value and early pruning. Every round the beam is built afresh with what the model
 * knows by then; what comes out and is not yet known is proposed best first, with a few draws from the whole space among them. A beam
 * that brings only known candidates is built again, wider.
 */
export function createBeamSearch(space: SearchSpace, options: BeamOptions): SearchStrategy {
  const { seed, model } = options;
  const { width, keepAlive, epsilon, judgement, completions, maxPrefixes, listing } = { ...defaults, ...options };
  const root = createRandom(seed).fork('beam');
  const random = root.fork('choices');
  const training = root.fork('training');
  const pool = createPool(space, root.fork('pool'), { listing });
  const { history, tally } = pool;
  const judges = space.sketches.map((sketch) =>
    createJudge(sketch, space.columns, model, { judgement, completions }, random),
  );
  let proposeMs = 0;
  let fitMs = 0;

  const constructed = (wide: number): Candidate[] => {
    const share = Math.max(leastWidth, Math.floor(wide / space.sketches.length));
    const found = space.sketches.flatMap((sketch, index) =>
      constructCandidates(
        sketch,
        judges[index] as (typeof judges)[number],
        { width: share, keepAlive },
        tally,
        random,
      ).map((made: Constructed): Candidate => ({ sketch: index, ...made })),
    );
    return found
      .filter((candidate) => !history.has(candidate))
      .sort((a, b) => (b.score as number) - (a.score as number));
  };

  /** While little has been measured half of the trials look around: an analytic model may be wrong about this device. */
  const ignorance = (): number => 0.5 * Math.exp(-history.size / ignoranceTrials);

  const chooser = createChooser(space, root.fork('chooser'));
  // All completions of the empty prefix, and so of every prefix: the beam then ends where the best of them are.
  const listed: Choice | null =
    pool.listed === null ? null : { candidates: pool.listed, base: createScorer(space, model).scores(pool.listed) };

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const take = (candidate: Candidate): void => {
      history.reserve(candidate);
      proposals.push(candidate);
    };
    if (listed !== null) {
      for (const candidate of chooser.choose(listed, count, history.has)) take(candidate);
      while (proposals.length < count) {
        const candidate = pool.unseen();
        if (candidate === null) break;
        take(candidate);
      }
      return proposals;
    }
    let best = constructed(width);
    for (let widening = 1; best.length < count && widening <= maxWidenings; widening++)
      best = constructed(width * 2 ** widening);
    const seen = new Set<string>();
    const queue = best.filter((candidate) => !seen.has(candidateKey(candidate)) && seen.add(candidateKey(candidate)));
    for (let next = 0; proposals.length < count; ) {
      const lucky = random.unit() < Math.max(epsilon, ignorance()) ? pool.unseen() : null;
      if (lucky !== null) take(lucky);
      else if (next < queue.length) {
        const candidate = queue[next++] as Candidate;
        if (!history.has(candidate)) take(candidate);
      } else {
        const other = pool.unseen();
        if (other === null) break;
        take(other);
      }
    }
    return proposals;
  };

  return {
    name: 'beam',
    round: listed === null ? 16 : 1,
    propose(count) {
      const started = performance.now();
      const proposals = proposeNow(count);
      proposeMs += performance.now() - started;
      return proposals;
    },
    async observe(results) {
      for (const result of results) history.add(result);
      const started = performance.now();
      chooser.observe(results);
      if (listed === null && history.size > 0)
        await model.fit(history.trainingData({ prefixes: judgement !== 'completions', maxPrefixes, random: training }));
      fitMs += performance.now() - started;
    },
    tally,
    get spentMs() {
      return { propose: proposeMs, fit: fitMs };
    },
  };
}
