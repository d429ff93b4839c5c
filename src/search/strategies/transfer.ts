import { createRandom } from '../../support/random.ts';
import { createHistory } from '../history.ts';
import { type AcquisitionOptions, type Choice, createAcquisition } from '../scoring/acquisition.ts';
import { sourceWeights } from '../scoring/blended-scores.ts';
import { createStopwatch } from '../stopwatch.ts';
import { type Candidate, candidateKey, type Observation, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { createTally } from '../tally.ts';
import { powersOfTwo } from './bayesian.ts';

interface TransferOptions {
  readonly seed: number;
  /** Every legal candidate. */
  readonly all: readonly Candidate[];
  /** What each source says of every candidate: minus the natural logarithm of its time there, up to a constant. At least one. */
  readonly scores: readonly Float32Array[];
  /** What is known of the candidates without any measurement, higher is better; a rule of thumb where it is absent. */
  readonly prior?: Float32Array;
  readonly acquisition?: AcquisitionOptions;
  /** Measurements that say the sources are right, by which they are believed before there are any. */
  readonly trust?: number;
}

const defaultTrust = 2;
/** Trials for which the sources alone decide: if they are right, these are enough. */
const believed = 8;
/** After so many trials without a new best the sources have said what they know, and decide one trial in four instead of two. */
const patience = 16;

/**
 * Ranks by what the sources say, measures again what they like best, and corrects: Gaussian processes over the decisions learn what the sources leave unexplained,
 * by expected improvement. Each source weighs as much as it agrees with what was measured here; where none does, the processes are on their own, as in a search that
 * knows nothing. (Transfer by a prior mean as in Golovin and others, Vizier, 2017; weights by agreement in the spirit of Feurer and others, 2018.)
 */
export function createTransferSearch(space: SearchSpace, options: TransferOptions): SearchStrategy {
  const { seed, all, scores, trust = defaultTrust } = options;
  const history = createHistory(space);
  const acquisition = createAcquisition(space, createRandom(seed).fork('transfer'), options.acquisition);
  const positions = new Map(all.map((candidate, at) => [candidateKey(candidate), at]));
  const base = new Float32Array(all.length);
  const choice: Choice = { candidates: all, base, trust };
  // The doubt: processes that know the same trials, and no source.
  const own = createAcquisition(space, createRandom(seed).fork('own'), options.acquisition);
  const ownChoice: Choice =
    options.prior === undefined
      ? { candidates: all, base: powersOfTwo(space, all), doubtful: true }
      : { candidates: all, base: options.prior };
  let bestNs = Number.POSITIVE_INFINITY;
  let bestAt = 0;
  const measured: { readonly at: number; readonly timeNs: number | null }[] = [];
  const stopwatch = createStopwatch();

  const blend = (): void => {
    const weights = sourceWeights(
      scores.map((score) => measured.map(({ at }) => score[at] as number)),
      measured.map(({ timeNs }) => timeNs),
    );
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

  const isSourcesTurn = (): boolean => {
    const trial = measured.length;
    // Two trials in a row, because the two processes of an acquisition take turns.
    return trial < believed || trial % (trial - bestAt > patience ? 8 : 4) < 2;
  };
  const next = (): Candidate | null => {
    // First what all together like best, then each one's favourite: these tell best whom to believe.
    const opening = [base, ...(scores.length > 1 ? scores : [])][measured.length];
    if (opening !== undefined) return bestOf(opening);
    const [chooser, from] = isSourcesTurn() ? [acquisition, choice] : [own, ownChoice];
    return chooser.choose(from, 1, history.has)[0] ?? bestOf(base);
  };

  return {
    name: 'transfer',
    round: 1,
    propose: (count) =>
      stopwatch.proposing(() => {
        const proposals: Candidate[] = [];
        while (proposals.length < count) {
          const candidate = proposals.length === 0 ? next() : bestOf(base);
          if (candidate === null) break;
          history.reserve(candidate);
          proposals.push(candidate);
        }
        return proposals;
      }),
    async observe(results: readonly Observation[]) {
      await stopwatch.fitting(async () => {
        for (const result of results) {
          history.add(result);
          if (result.timeNs !== null && result.timeNs < bestNs) [bestNs, bestAt] = [result.timeNs, history.size];
          const at = positions.get(candidateKey(result.candidate));
          if (at !== undefined) measured.push({ at, timeNs: result.timeNs });
        }
        acquisition.observe(results);
        own.observe(results);
        blend();
      });
    },
    tally: createTally(),
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
