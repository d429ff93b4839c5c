import type { Bins } from './bins.ts';
import type { TreeParameters } from './parameters.ts';

/** The best split found of a node; plain arrays, since numbers that a closure keeps would be allocated anew at each change. */
interface BestSplit {
  /** Column, bin (counted over all columns) whose edge is the threshold, and 1 where missing values go right. */
  readonly place: Int32Array;
  /** Gain, and the sums of first and second derivatives of the left side. */
  readonly sums: Float64Array;
}

/** XGBoost's smallest gain: less may be rounding. */
const leastGain = 1e-6;

/**
 * Finds the split of a node that lowers its loss most, to second order (XGBoost: Chen and Guestrin, 2016, equation 7), among the columns given. Sums of
 * derivatives by bin lie in `histogram` from `from` on, two numbers a bin. Where a column has missing values both sides are tried for them.
 */
export function createSplitFinder(bins: Bins, { gamma, minChildWeight, lambda }: TreeParameters) {
  const { starts, missing } = bins;
  const split: BestSplit = { place: new Int32Array(3), sums: new Float64Array(3) };
  const { place, sums } = split;

  /** Tries the edges of one column, with missing values on one side; returns the best gain so far. */
  const scan = (
    histogram: Float64Array,
    from: number,
    column: number,
    first: number,
    second: number,
    missingRight: number,
    bestSoFar: number,
  ): number => {
    const begin = starts[column] as number;
    const hasMissing = missing[column] as number;
    // The last bin's upper edge splits nothing off.
    const last = (starts[column + 1] as number) - hasMissing - 1;
    let leftFirst = 0;
    let leftSecond = 0;
    if (missingRight === 0) {
      const at = from + 2 * (last + 1);
      leftFirst = histogram[at] as number;
      leftSecond = histogram[at + 1] as number;
    }
    let best = bestSoFar;
    for (let bin = begin; bin < last; bin++) {
      const at = from + 2 * bin;
      leftFirst += histogram[at] as number;
      leftSecond += histogram[at + 1] as number;
      if (leftSecond < minChildWeight) continue;
      const rightSecond = second - leftSecond;
      if (rightSecond < minChildWeight) break;
      const rightFirst = first - leftFirst;
      const score =
        (leftFirst * leftFirst) / (leftSecond + lambda) + (rightFirst * rightFirst) / (rightSecond + lambda);
      if (score > best) {
        best = score;
        place[0] = column;
        place[1] = bin + 1;
        place[2] = missingRight;
        sums[1] = leftFirst;
        sums[2] = leftSecond;
      }
    }
    return best;
  };

  /** Whether there is a split worth making; then it is in `split`. */
  const find = (
    histogram: Float64Array,
    from: number,
    columns: Int32Array,
    used: number,
    first: number,
    second: number,
  ): boolean => {
    const whole = (first * first) / (second + lambda);
    const enough = whole + Math.max(gamma, leastGain);
    let best = enough;
    for (let at = 0; at < used; at++) {
      const column = columns[at] as number;
      best = scan(histogram, from, column, first, second, 1, best);
      if (missing[column] === 1) best = scan(histogram, from, column, first, second, 0, best);
    }
    sums[0] = best - whole;
    return best > enough;
  };
  return { split, find };
}
