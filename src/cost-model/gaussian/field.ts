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

export function createField(dimensions: readonly InputDimension[], points: Levels, hyper: Float64Array): Field {
  const count = dimensions.length;
  const size = count === 0 ? 0 : points.length / count;
  const tables = dimensions.map((dimension, at) => dimensionTable(dimension, at, count, hyper).factor);
  const amplitude = Math.exp(hyper[3 * count] as number);
  const noise = Math.exp(hyper[3 * count + 1] as number);
  // Points dimension by dimension, so that the innermost loop walks two arrays side by side.
  const columns = dimensions.map((_, dimension) =>
    Int32Array.from({ length: size }, (_, at) => points[at * count + dimension] as number),
  );
  const seen: Levels[] = [];
  /** Rows of the observations' Cholesky factor, and rows of the points whitened by it. */
  const factor: Float64Array[] = [];
  const whitened: Float32Array[] = [];
  const explained = new Float64Array(size);

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
      const values = new Float64Array(size).fill(amplitude);
      for (let dimension = 0; dimension < count; dimension++) {
        const { levels: width } = dimensions[dimension] as InputDimension;
        const start = (levels[dimension] as number) * width;
        const table = (tables[dimension] as Float64Array).subarray(start, start + width);
        const column = columns[dimension] as Int32Array;
        for (let at = 0; at < size; at++) values[at] = (values[at] as number) * (table[column[at] as number] as number);
      }
      for (let k = 0; k < n; k++) {
        const scale = row[k] as number;
        const before = whitened[k] as Float32Array;
        for (let at = 0; at < size; at++) values[at] = (values[at] as number) - scale * (before[at] as number);
      }
      const own = new Float32Array(size);
      for (let at = 0; at < size; at++) {
        const value = (values[at] as number) / pivot;
        own[at] = value;
        explained[at] = (explained[at] as number) + value * value;
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
