import type { Booster, TreeTrainer } from '../../src/cost-model/booster.ts';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import type { FeatureExtractor } from '../../src/features/extractor.ts';
import type { SketchSpace } from '../../src/search/space/sketch-space.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';

/** Candidates of one workload, and the logarithms of their times. */
export interface Lesson {
  readonly candidates: readonly Pick<Candidate, 'sketch' | 'values'>[];
  readonly logTimes: readonly number[];
}

/** The logarithm of the time that a candidate is thought to take. */
export type Surrogate = (candidate: Pick<Candidate, 'sketch' | 'values'>) => number;

const params = { eta: 0.05, max_depth: 6, subsample: 0.8, colsample_bytree: 0.5, max_bin: 256 } as const;

/** How much is spent on fitting; and the seed. */
export interface SurrogateOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly members: number;
  /** Parts into which candidates are divided to be kept aside one after the other. */
  readonly folds: number;
}

/** Slow to learn and many: a landscape is fitted once and asked a million times. */
export const usualOptions: SurrogateOptions = { seed: 1, rounds: 300, members: 4, folds: 5 };

/**
 * Boosters that predict times of any candidate of a space from measured ones: on the search's features, the analytic model's score, and the
 * decisions themselves. They are stronger than those of a search, and are told what a search has to find out; so a search on the surrogate does not
 * meet its own model again. Each booster has seen rows drawn with replacement.
 */
export function fitSurrogate(
  trainer: TreeTrainer,
  space: SketchSpace,
  lesson: Lesson,
  { seed, rounds, members }: SurrogateOptions,
): Surrogate {
  const write = createRowWriter(space);
  const count = lesson.candidates.length;
  const known = new Float32Array(count * write.columns);
  const logTimes = Float64Array.from(lesson.logTimes);
  for (const [at, candidate] of lesson.candidates.entries()) write.row(candidate, known, at * write.columns);
  const centre = logTimes.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
  const random = createRandom(seed).fork('surrogate');
  const boosters = Array.from({ length: members }, (): Booster => {
    const drawn = Array.from({ length: count }, () => random.below(count));
    const rows = new Float32Array(count * write.columns);
    for (const [at, from] of drawn.entries())
      rows.set(known.subarray(from * write.columns, (from + 1) * write.columns), at * write.columns);
    return trainer.train({
      ...{ rows, columns: write.columns, rounds, params, threads: 1, seed: random.below(0x7fffffff) },
      labels: Float32Array.from(drawn, (from) => (logTimes[from] as number) - centre),
      objective: 'reg:squarederror',
    });
  });
  const asked = new Float32Array(write.columns);
  const answer = new Float32Array(1);
  return (candidate) => {
    write.row(candidate, asked, 0);
    let sum = 0;
    for (const booster of boosters) {
      booster.predict(asked, 1, write.columns, answer);
      sum += answer[0] as number;
    }
    return centre + sum / members;
  };
}

/** Rows of a surrogate: features, the score of the analytic model, and each decision by name; NaN where a sketch does not have it. */
function createRowWriter(space: SketchSpace): {
  readonly columns: number;
  row(candidate: Pick<Candidate, 'sketch' | 'values'>, into: Float32Array, offset: number): void;
} {
  const extractors: FeatureExtractor[] = space.sketches.map((sketch) => sketch.createExtractor());
  const names = [...new Set(space.sketches.flatMap(({ decisions }) => decisions.map(({ name }) => name)))];
  const placesOf = space.sketches.map(({ decisions }) => decisions.map(({ name }) => names.indexOf(name)));
  const analytic = createFittedModel(space.device.type);
  const score = new Float32Array(1);
  const scored = new Float32Array(space.columns);
  return {
    columns: space.columns + 2 + names.length,
    row({ sketch, values }, into, offset) {
      (extractors[sketch] as FeatureExtractor).extract(Float64Array.from(values), scored, 0);
      analytic.score(scored, 1, space.columns, score);
      into.set(scored, offset);
      into[offset + space.columns] = score[0] as number;
      into[offset + space.columns + 1] = sketch;
      const begin = offset + space.columns + 2;
      into.fill(Number.NaN, begin, begin + names.length);
      for (const [at, place] of (placesOf[sketch] as readonly number[]).entries())
        into[begin + place] = values[at] as number;
    },
  };
}

/** Predictions of each candidate by a surrogate that has not seen it, nor the other candidates of its fold. */
export function heldOutPredictions(
  trainer: TreeTrainer,
  space: SketchSpace,
  { candidates, logTimes }: Lesson,
  options: SurrogateOptions,
): Float64Array {
  const { folds } = options;
  const order = createRandom(options.seed)
    .fork('folds')
    .shuffled(candidates.map((_, at) => at));
  const predicted = new Float64Array(candidates.length);
  for (let fold = 0; fold < folds; fold++) {
    const known = order.filter((_, at) => at % folds !== fold);
    const surrogate = fitSurrogate(
      trainer,
      space,
      {
        candidates: known.map((at) => candidates[at] as Candidate),
        logTimes: known.map((at) => logTimes[at] as number),
      },
      options,
    );
    for (const at of order.filter((_, place) => place % folds === fold))
      predicted[at] = surrogate(candidates[at] as Candidate);
  }
  return predicted;
}
