import { isContradicted, sourceWeights } from '../../cost-model/source-weights.ts';
import { createRandom } from '../../support/random.ts';
import { createHistory } from '../history.ts';
import { type AcquisitionOptions, type Choice, createAcquisition } from '../scoring/acquisition.ts';
import { createOptimumBelief } from '../scoring/optimum-belief.ts';
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
  /** A search that knows no source, to take turns with. */
  readonly doubter?: SearchStrategy;
}

/** A search that says what its sources weigh. */
interface TransferSearch extends SearchStrategy {
  /** One weight for each source, by what was measured until now; 0: it contradicts the measurements. */
  weights(): readonly number[];
}

const defaultTrust = 2;

/**
 * Measures again what the sources like best, and then searches as one that knows nothing, by Gaussian processes over the decisions, but first where the
 * sources believe the optimum to be (see createOptimumBelief). The belief wanes with the trials, and each source weighs as much as it agrees with what was measured
 * here: one that misleads costs the first trials and little more. A `doubter` takes turns with it (see createDoubtingSearch). (Weights by agreement in the spirit of
 * Feurer and others, 2018.)
 */
export function createTransferSearch(space: SearchSpace, options: TransferOptions): TransferSearch {
  const believer = createBelievingSearch(space, options);
  const { doubter } = options;
  if (doubter === undefined) return believer;
  const search = createDoubtingSearch(space, { name: believer.name, believer, doubter });
  return Object.assign(search, { weights: believer.weights });
}

/** The sources' part: processes that look first where these believe the optimum to be. */
function createBelievingSearch(space: SearchSpace, options: TransferOptions): TransferSearch {
  const { seed, all, scores, likeness, logSeconds, trust = defaultTrust } = options;
  const acquisition = createAcquisition(space, createRandom(seed).fork('transfer'), options.acquisition);
  const history = createHistory(space);
  const positions = new Map(all.map((candidate, at) => [candidateKey(candidate), at]));
  const base = new Float32Array(all.length);
  const belief = createOptimumBelief(scores);
  const choice: Choice = {
    ...{ candidates: all, bonus: belief.bonus },
    // What sources say of kernels is also the processes' mean. Where all that is known of a candidate is its decisions, that mean holds the search near the favourites.
    ...(space.decisionsOnly === true ? { base: powersOfTwo(space, all), doubtful: true } : { base, trust }),
    ...(logSeconds === undefined ? {} : { logSeconds }),
  };
  const measured: { readonly at: number; readonly timeNs: number | null }[] = [];
  let weights: readonly number[] = [];

  const blend = (): void => {
    const said = scores.map((score) => measured.map(({ at }) => score[at] as number));
    const times = measured.map(({ timeNs }) => timeNs);
    weights = [...sourceWeights(said, times, likeness)];
    const shares = sharesOf(
      weights,
      said.map((score) => !isContradicted(score, times)),
    );
    belief.update(measured.length, shares);
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
  const next = (proposed: number): Candidate | null => {
    const opening = proposed === 0 ? openings[measured.length] : base;
    if (opening !== undefined) return bestOf(opening);
    return acquisition.choose(choice, 1, history.has)[0] ?? bestOf(base);
  };
  const stopwatch = createStopwatch();
  return {
    name: 'transfer',
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
        for (const { candidate, timeNs } of results) {
          const at = positions.get(candidateKey(candidate));
          if (at !== undefined) measured.push({ at, timeNs });
        }
        blend();
      });
    },
    tally: createTally(),
    get spentMs() {
      return stopwatch.spentMs;
    },
    weights: () => weights,
  };
}

/** Weights of the sources as shares of one; all alike where none weighs anything, as an order may hold where proportions do not. Contradicted ones have no share. */
function sharesOf(weights: readonly number[], holds: readonly boolean[]): readonly number[] {
  const held = weights.map((weight, at) => (holds[at] === true ? weight : 0));
  const total = held.reduce((sum, weight) => sum + weight, 0);
  if (total > 0) return held.map((weight) => weight / total);
  const left = holds.filter((one) => one).length;
  return holds.map((one) => (one ? 1 / left : 0));
}
