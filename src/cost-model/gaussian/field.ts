import type { Levels } from './learn-hyper.ts';
import { dimensionTable, type InputDimension } from './level-kernel.ts';

/**
 * The posterior of a Gaussian process over a fixed list of points. Observing one more point costs (observed x points) operations and
 * no new factorisation, which makes asking after every single trial affordable.
 */
export interface Field {
  readonly observed: number;
  observe(levels: Levels): void;
  /** Forgets all but the first observations. */
  rewind(observed: number): void;
  /** Mean and standard deviation of every point, given one target per observation, in their order. */
  posterior(targets: Float64Array, mean: Float64Array, deviation: Float64Array): void;
}

/** Points that are worked on at a time. */
const block = 1024;

export function createField(dimensions: readonly InputDimension[], points: Levels, hyper: Float64Array): Field {
  const count = dimensions.length;
  const size = count === 0 ? 0 : points.length / count;
  const tables = dimensions.map((dimension, at) => dimensionTable(dimension, at, count, hyper).factor);
  const amplitude = Math.exp(hyper[3 * count] as number);
  const noise = Math.exp(hyper[3 * count + 1] as number);
  // Points dimension by dimension, so that the innermost loop walks two arrays side by side.
  const columns = dimensions.map((_, dimension) => {
    const column = new Int32Array(size);
    for (let at = 0; at < size; at++) column[at] = points[at * count + dimension] as number;
    return column;
  });
  const seen: Levels[] = [];
  /** Rows of the observations' Cholesky factor, and rows of the points whitened by it. */
  const factor: Float64Array[] = [];
  const whitened: Float32Array[] = [];
  const explained = new Float64Array(size);
  const values = new Float64Array(block);

  const kernelOf = (one: Levels, other: Levels): number => {
    let value = amplitude;
    for (let dimension = 0; dimension < count; dimension++) {
      const { levels } = dimensions[dimension] as InputDimension;
      value *= (tables[dimension] as Float64Array)[
        (one[dimension] as number) * levels + (other[dimension] as number)
      ] as number;
    }
    return value;
  };

  return {
    get observed() {
      return seen.length;
    },
    observe(levels) {
      const n = seen.length;
      const row = new Float64Array(n + 1);
      let rest = kernelOf(levels, levels) + noise;
      for (let i = 0; i < n; i++) {
        let sum = kernelOf(levels, seen[i] as Levels);
        const other = factor[i] as Float64Array;
        for (let k = 0; k < i; k++) sum -= (other[k] as number) * (row[k] as number);
        row[i] = sum / (other[i] as number);
        rest -= (row[i] as number) * (row[i] as number);
      }
      // Two equal points differ by the noise alone.
      const pivot = Math.sqrt(Math.max(rest, 1e-9));
      row[n] = pivot;
      const own = new Float32Array(size);
      // Block by block, so that what is read and written again and again stays near the processor.
      for (let begin = 0; begin < size; begin += block) {
        const end = Math.min(size, begin + block);
        const count = end - begin;
        values.fill(amplitude, 0, count);
        for (const [dimension, table] of tables.entries()) {
          const column = columns[dimension] as Int32Array;
          const start = (levels[dimension] as number) * (dimensions[dimension] as InputDimension).levels;
          for (let at = 0; at < count; at++)
            values[at] = (values[at] as number) * (table[start + (column[begin + at] as number)] as number);
        }
        subtractRows(values, whitened, row, n, begin, count);
        for (let at = 0; at < count; at++) {
          const value = (values[at] as number) / pivot;
          own[begin + at] = value;
          explained[begin + at] = (explained[begin + at] as number) + value * value;
        }
      }
      seen.push(levels);
      factor.push(row);
      whitened.push(own);
    },
    rewind(observed) {
      while (seen.length > observed) {
        seen.pop();
        factor.pop();
        const own = whitened.pop() as Float32Array;
        for (let at = 0; at < size; at++) explained[at] = (explained[at] as number) - (own[at] as number) ** 2;
      }
    },
    posterior(targets, mean, deviation) {
      mean.fill(0);
      const solved = new Float64Array(seen.length);
      for (let i = 0; i < seen.length; i++) {
        const row = factor[i] as Float64Array;
        let sum = targets[i] as number;
        for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number);
        const scale = sum / (row[i] as number);
        solved[i] = scale;
        const own = whitened[i] as Float32Array;
        for (let at = 0; at < size; at++) mean[at] = (mean[at] as number) + scale * (own[at] as number);
      }
      for (let at = 0; at < size; at++)
        deviation[at] = Math.sqrt(Math.max(amplitude - (explained[at] as number), 1e-9));
    },
  };
}

/** Takes each of the first `n` rows, times its scale, from the values; four rows in one pass, in the order in which single ones would be taken. */
function subtractRows(
  values: Float64Array,
  rows: readonly Float32Array[],
  scales: Float64Array,
  n: number,
  begin: number,
  count: number,
): void {
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    const [a, b, c, d] = [rows[k], rows[k + 1], rows[k + 2], rows[k + 3]] as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [p, q, r, s] = [scales[k], scales[k + 1], scales[k + 2], scales[k + 3]] as [number, number, number, number];
    for (let at = 0, from = begin; at < count; at++, from++)
      values[at] =
        (values[at] as number) -
        p * (a[from] as number) -
        q * (b[from] as number) -
        r * (c[from] as number) -
        s * (d[from] as number);
  }
  for (; k < n; k++) {
    const row = rows[k] as Float32Array;
    const scale = scales[k] as number;
    for (let at = 0; at < count; at++) values[at] = (values[at] as number) - scale * (row[begin + at] as number);
  }
}
