import type { CostModel } from '../../cost-model/cost-model.ts';
import { UserError } from '../../support/errors.ts';
import { createRandom } from '../../support/random.ts';
import type { History } from '../history.ts';
import { type Acquisition, type AcquisitionOptions, type Choice, createAcquisition } from '../scoring/acquisition.ts';
import { choosePerSecond, type LogSeconds, priceOf } from '../scoring/per-second.ts';
import { powersAmong } from '../scoring/surrogate-inputs.ts';
import { enumerateCandidates, mostEnumerated } from '../space/enumeration.ts';
import { featureRows } from '../space/feature-rows.ts';
import { createSampler } from '../space/sampling.ts';
import { createStopwatch } from '../stopwatch.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { cautionOf, type LearnedOptions } from './learned.ts';

export interface BayesianOptions extends LearnedOptions {
  /** Every legal candidate, where the caller has enumerated the space already. */
  readonly all?: readonly Candidate[];
  readonly acquisition?: AcquisitionOptions;
  /** The model instead of the acquisition chooses one in this many trials; 0: none, as where features tell the model nothing new. */
  readonly modelEvery?: number;
}

const defaultModelEvery = 2;
/** Choosing again after every trial is worth it up to this many candidates. */
const chosenPerTrial = 20_000;
/** The model learns anew when the observations have grown by this fraction, and by this many. */
const growth = 0.08;
const leastGrowth = 2;

/**
 * Bayesian optimisation over every candidate of a space that can be enumerated: expected improvement under Gaussian processes over the
 * decisions takes turns with the cost model over the features (`createTurns`). Throws UserError where the space is too large.
 */
export function createBayesianSearch(space: SearchSpace, options: BayesianOptions): SearchStrategy {
  const { seed, model } = options;
  const all = options.all ?? enumerateCandidates(space);
  if (all === null)
    throw new UserError(
      `this space has more than ${mostEnumerated.toLocaleString('en')} candidates, too many for --search bayesian: use --search beam or leave it to --search auto`,
    );
  // The label under which seeds have always been drawn here: trajectories of older versions stay reproducible.
  const root = createRandom(seed).fork('beam');
  const sampler = createSampler(space, root.fork('pool'), all);
  const { history, tally } = sampler;
  const acquisition = createAcquisition(space, root.fork('chooser'), options.acquisition);
  const turns = createTurns(
    space,
    all,
    model,
    acquisition,
    history,
    options.modelEvery ?? (space.decisionsOnly ? 0 : defaultModelEvery),
    cautionOf(options, history),
    options.logSeconds,
  );
  const stopwatch = createStopwatch();

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const queue = turns.choose(count);
    for (let next = 0; proposals.length < count; ) {
      while (next < queue.length && history.has(queue[next] as Candidate)) next++;
      const candidate = queue[next] ?? sampler.unseen();
      if (candidate === null) break;
      history.reserve(candidate);
      proposals.push(candidate);
    }
    return proposals;
  };

  return {
    name: 'bayesian',
    round: Math.ceil(all.length / chosenPerTrial),
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) history.add(result);
      await stopwatch.fitting(async () => {
        acquisition.observe(results);
        // Failures alone would teach a model that all candidates are alike.
        if (history.bestNs !== null) await turns.observed(() => model.fit(history.trainingData()));
      });
    },
    tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}

/** The turns of the acquisition and the model in choosing the next trials of an enumerated space. */
interface Turns {
  /** Up to `count` candidates that were not taken; fewer while too little is known. */
  choose(count: number): readonly Candidate[];
  /** To be called after results came in; `teach` fits the model to everything observed. */
  observed(teach: () => Promise<void> | void): Promise<void>;
}

/**
 * The acquisition's processes, which know decisions, and the model, which knows features, take turns over all candidates: every
 * `modelEvery`-th trial is the model's best candidate not taken yet. Features say what a schedule does to the machine, so that the model is
 * soon right about what is bad everywhere; decisions say which schedule it is, so that the processes are right about single values. Until
 * the processes know enough, the model chooses all trials, as it may know something without any trial. 0 leaves the model out. With `logSeconds`
 * both look for the gain per second.
 */
export function createTurns(
  space: SearchSpace,
  candidates: readonly Candidate[],
  model: CostModel,
  acquisition: Acquisition,
  history: History,
  modelEvery: number,
  isCautious: () => boolean = () => false,
  logSeconds?: LogSeconds,
): Turns {
  const { columns } = space;
  const rows = featureRows({ space, candidates });
  const scores = new Float32Array(candidates.length);
  const rescore = (): void => model.score(rows, candidates.length, columns, scores);
  rescore();
  const choice: Choice = {
    candidates,
    ...(space.decisionsOnly === true
      ? { base: powersOfTwo(space, candidates), doubtful: true }
      : { base: scores.slice() }),
    ...(logSeconds === undefined ? {} : { logSeconds }),
  };
  /** A model that scores all candidates alike has nothing to say yet. */
  const hasSay = (): boolean => scores.some((score) => score !== scores[0]);
  let learnedFrom = 0;

  const bestOfModel = (own: ReadonlySet<string>): Candidate | null => {
    const isFree = (at: number): boolean =>
      !history.has(candidates[at] as Candidate) && !own.has(candidateKey(candidates[at] as Candidate));
    const best = choosePerSecond(candidates, (at) => scores[at] as number, isFree, logSeconds, priceOf(model));
    return best === null ? null : (candidates[best] as Candidate);
  };

  return {
    choose(count) {
      const said = modelEvery > 0 && hasSay();
      const chosen = said && isCautious() ? [] : [...acquisition.choose(choice, count, history.has)];
      if (!said) return chosen;
      const own = new Set<string>();
      const proposals: Candidate[] = [];
      for (let at = history.size; proposals.length < count; at++) {
        const isModelTurn = at % modelEvery === modelEvery - 1;
        const candidate = (isModelTurn ? undefined : chosen.shift()) ?? bestOfModel(own);
        if (candidate === null) break;
        // The model may have been first to choose it in this round.
        if (own.has(candidateKey(candidate))) continue;
        own.add(candidateKey(candidate));
        proposals.push(candidate);
      }
      return proposals;
    },
    async observed(teach) {
      if (modelEvery === 0) return;
      if (learnedFrom > 0 && history.size - learnedFrom < Math.max(leastGrowth, history.size * growth)) return;
      learnedFrom = history.size;
      await teach();
      rescore();
    },
  };
}

/**
 * Number of each candidate's sizes that are powers of two, where other sizes are offered: all that is known beforehand of decisions whose
 * kernels are not known. With powers of two addresses take shifts, and parts come out even; some devices do not care.
 */
export function powersOfTwo({ sketches }: SearchSpace, candidates: readonly Candidate[]): Float32Array {
  const powers = sketches.map(({ decisions }) =>
    decisions.map(({ options, unordered }) => (unordered === true ? null : powersAmong(options))),
  );
  return Float32Array.from(candidates, ({ sketch, values }) =>
    values.reduce((count, value, at) => count + (powers[sketch]?.[at]?.has(value) === true ? 1 : 0), 0),
  );
}
