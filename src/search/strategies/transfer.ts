import { sourceWeights } from '../../cost-model/source-weights.ts';
import { createRandom } from '../../support/random.ts';
import { createHistory, type History } from '../history.ts';
import { type Acquisition, type AcquisitionOptions, type Choice, createAcquisition } from '../scoring/acquisition.ts';
import type { LogSeconds } from '../scoring/per-second.ts';
import { createStopwatch } from '../stopwatch.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { createTally } from '../tally.ts';
import { powersOfTwo } from './bayesian.ts';
import { createDoubtingSearch } from './doubting.ts';

interface TransferOptions {
  readonly seed: number;
  /** Every legal candidate. */
  readonly all: readonly Candidate[];
  /** What each source says of every candidate: minus the natural logarithm of its time there, up to a constant. At least one. */
  readonly scores: readonly Float32Array[];
  /** How much each source is believed before anything is measured; all alike when absent. */
  readonly likeness?: readonly number[];
  readonly acquisition?: AcquisitionOptions;
  /** Measurements that say the sources are right, by which they are believed before there are any. */
  readonly trust?: number;
  /** How long trials take: then what may be gained counts per second. */
  readonly logSeconds?: LogSeconds;
  /** The search that knows no source; when absent, processes over the decisions alone. */
  readonly doubter?: SearchStrategy;
}

/** A search that says what its sources weigh. */
interface TransferSearch extends SearchStrategy {
  /** One weight for each source, by what was measured until now; 0: it contradicts the measurements. */
  weights(): readonly number[];
}

const defaultTrust = 2;

/**
 * Ranks by what the sources say, measures again what they like best, and corrects: Gaussian processes over the decisions learn what the sources leave unexplained,
 * by expected improvement. Each source weighs as much as it agrees with what was measured here; a search that knows no source takes turns with them (see
 * createDoubtingSearch). (Transfer by a prior mean as in Golovin and others, Vizier, 2017; weights by agreement in the spirit of Feurer and others, 2018.)
 */
export function createTransferSearch(space: SearchSpace, options: TransferOptions): TransferSearch {
  const believer = createBelievingSearch(space, options);
  const doubter = options.doubter ?? createProcessSearch(space, options);
  const search = createDoubtingSearch(space, { name: 'transfer', believer, doubter });
  return Object.assign(search, { weights: believer.weights });
}

/** The sources' part: processes whose mean is what the sources say together. */
function createBelievingSearch(space: SearchSpace, options: TransferOptions): TransferSearch {
  const { seed, all, scores, likeness, logSeconds, trust = defaultTrust } = options;
  const acquisition = createAcquisition(space, createRandom(seed).fork('transfer'), options.acquisition);
  const history = createHistory(space);
  const positions = new Map(all.map((candidate, at) => [candidateKey(candidate), at]));
  const base = new Float32Array(all.length);
  const choice: Choice = { candidates: all, base, trust, ...(logSeconds === undefined ? {} : { logSeconds }) };
  const measured: { readonly at: number; readonly timeNs: number | null }[] = [];
  let weights: readonly number[] = [];

  const blend = (): void => {
    weights = [
      ...sourceWeights(
        scores.map((score) => measured.map(({ at }) => score[at] as number)),
        measured.map(({ timeNs }) => timeNs),
        likeness,
      ),
    ];
    base.fill(0);
    for (const [source, score] of scores.entries()) {
      const weight = weights[source] as number;
      for (const [at, value] of score.entries()) base[at] = (base[at] as number) + weight * value;
    }
  };
  blend();
  const bestOf = (score: Float32Array): Candidate | null => {
    let best = -1;
    for (const [at, value] of score.entries())
      if ((best < 0 || value > (score[best] as number)) && !history.has(all[at] as Candidate)) best = at;
    return all[best] ?? null;
  };
  // First what all together like best, then each one's favourite: these tell best whom to believe.
  const openings = [base, ...(scores.length > 1 ? scores : [])];
  const search = processSearch(acquisition, choice, history, (proposed) => {
    const opening = proposed === 0 ? openings[measured.length] : base;
    return opening === undefined ? undefined : bestOf(opening);
  });
  const { observe } = search;
  return {
    ...search,
    get spentMs() {
      return search.spentMs;
    },
    async observe(results) {
      await observe(results);
      for (const { candidate, timeNs } of results) {
        const at = positions.get(candidateKey(candidate));
        if (at !== undefined) measured.push({ at, timeNs });
      }
      blend();
    },
    weights: () => weights,
  };
}

/** The doubt: processes that know the same trials, and no source. */
function createProcessSearch(space: SearchSpace, { seed, all, acquisition: options }: TransferOptions): SearchStrategy {
  const acquisition = createAcquisition(space, createRandom(seed).fork('own'), options);
  const choice: Choice = { candidates: all, base: powersOfTwo(space, all), doubtful: true };
  const history = createHistory(space);
  const first = (): Candidate | null => all.find((candidate) => !history.has(candidate)) ?? null;
  return processSearch(acquisition, choice, history, (proposed) => (proposed === 0 ? undefined : first()));
}

/** Candidates by an acquisition, one a round. `instead`: what is taken before it is asked, undefined to ask it; null where there is none. */
function processSearch(
  acquisition: Acquisition,
  choice: Choice,
  history: History,
  instead: (proposed: number) => Candidate | null | undefined,
): SearchStrategy {
  const stopwatch = createStopwatch();
  const next = (proposed: number): Candidate | null => {
    const taken = instead(proposed);
    if (taken !== undefined) return taken;
    return acquisition.choose(choice, 1, history.has)[0] ?? instead(1) ?? null;
  };
  return {
    name: 'processes',
    round: 1,
    propose: (count) =>
      stopwatch.proposing(() => {
        const proposals: Candidate[] = [];
        while (proposals.length < count) {
          const candidate = next(proposals.length);
          if (candidate === null) break;
          history.reserve(candidate);
          proposals.push(candidate);
        }
        return proposals;
      }),
    async observe(results) {
      await stopwatch.fitting(async () => {
        for (const result of results) history.add(result);
        acquisition.observe(results);
      });
    },
    tally: createTally(),
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
