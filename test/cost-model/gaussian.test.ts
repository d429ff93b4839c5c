import { describe, expect, it } from 'vitest';
import { factorise } from '../../src/cost-model/gaussian/cholesky.ts';
import { createField } from '../../src/cost-model/gaussian/field.ts';
import { learnHyper, lossOf } from '../../src/cost-model/gaussian/learn-hyper.ts';
import { dimensionTable, hyperPrior, type InputDimension } from '../../src/cost-model/gaussian/level-kernel.ts';
import { logExpectedImprovement, normalQuantile } from '../../src/cost-model/gaussian/normal.ts';
import { createRandom } from '../../src/support/random.ts';

const dimensions: readonly InputDimension[] = [
  { name: 'size', levels: 5, coordinates: Float64Array.of(0, 0.25, 0.5, 0.75, 1), derived: false },
  { name: 'name', levels: 3, coordinates: new Float64Array(3).fill(Number.NaN), derived: false },
  { name: 'product', levels: 4, coordinates: Float64Array.of(0, 0.2, 0.6, 1), derived: true },
];
const random = createRandom(5);
const pointsOf = (count: number): Int32Array =>
  Int32Array.from({ length: count * dimensions.length }, (_, at) =>
    random.below(dimensions[at % dimensions.length]?.levels ?? 1),
  );
const prior = hyperPrior(dimensions);
const hyper = prior.mean.map((mean) => mean + random.unit() - 0.5);

/** The kernel of two points, straight from its definition. */
function kernelOf(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return dimensions.reduce(
    (value, dimension, at) =>
      value *
      (dimensionTable(dimension, at, dimensions.length, hyper).factor[
        (one[at] as number) * dimension.levels + (other[at] as number)
      ] as number),
    Math.exp(hyper[3 * dimensions.length] as number),
  );
}

/** Solves a dense system by elimination, which is not how the code does it. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] as number]);
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    const pivot = rows
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column] as number) > Math.abs(best[column] as number) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] as number) / (pivot[column] as number);
      for (let at = column; at <= n; at++) row[at] = (row[at] as number) - factor * (pivot[at] as number);
    }
  }
  return rows.map((row, at) => (row[n] as number) / (row[at] as number));
}

describe('a Gaussian process over levels', () => {
  it('has the gradient of its loss', () => {
    const count = 18;
    const levels = pointsOf(count);
    const targets = Float64Array.from({ length: count }, () => random.unit() * 2 - 1);
    const gradient = new Float64Array(hyper.length);
    lossOf(dimensions, levels, targets, prior, hyper, gradient);
    const scratch = new Float64Array(hyper.length);
    for (let h = 0; h < hyper.length; h++) {
      const step = 1e-5;
      const [up, down] = [step, -step].map((by) => {
        const moved = hyper.slice();
        moved[h] = (moved[h] as number) + by;
        return lossOf(dimensions, levels, targets, prior, moved, scratch);
      }) as [number, number];
      expect(gradient[h], `hyperparameter ${h}`).toBeCloseTo((up - down) / (2 * step), 4);
    }
  });

  it('is less surprised by the data after learning', () => {
    const count = 40;
    const levels = pointsOf(count);
    const targets = Float64Array.from({ length: count }, (_, at) => (levels[at * 3] as number) - 2);
    const scratch = new Float64Array(hyper.length);
    const learned = learnHyper(dimensions, levels, targets, prior, prior.mean, 30);
    expect(lossOf(dimensions, levels, targets, prior, learned, scratch)).toBeLessThan(
      lossOf(dimensions, levels, targets, prior, prior.mean, scratch) - 10,
    );
    // The size alone explains the targets.
    expect(learned[0] as number).toBeGreaterThan(learned[1] as number);
  });

  it('has the posterior that the definition gives, also after a rewind', () => {
    const points = pointsOf(12);
    const seen = Array.from({ length: 7 }, () => pointsOf(1));
    const targets = Float64Array.from(seen, () => random.unit() * 2 - 1);
    const field = createField(dimensions, points, hyper);
    for (const levels of seen.slice(0, 4)) field.observe(levels);
    field.observe(pointsOf(1));
    field.rewind(4);
    for (const levels of seen.slice(4)) field.observe(levels);
    expect(field.observed).toBe(7);
    const mean = new Float64Array(12);
    const deviation = new Float64Array(12);
    field.posterior(targets, mean, deviation);
    const noise = Math.exp(hyper[3 * dimensions.length + 1] as number);
    const gram = seen.map((one, i) => seen.map((other, j) => kernelOf(one, other) + (i === j ? noise : 0)));
    const weights = solve(gram, [...targets]);
    for (let at = 0; at < 12; at++) {
      const point = points.subarray(at * 3, at * 3 + 3);
      const covariances = seen.map((levels) => kernelOf(levels, point));
      const explained = solve(gram, covariances).reduce((sum, w, i) => sum + w * (covariances[i] as number), 0);
      expect(mean[at]).toBeCloseTo(
        weights.reduce((sum, weight, i) => sum + weight * (covariances[i] as number), 0),
        5,
      );
      expect(deviation[at]).toBeCloseTo(Math.sqrt(Math.max(kernelOf(point, point) - explained, 1e-9)), 5);
    }
  });

  it('says when a matrix is not positive definite', () => {
    expect(factorise(Float64Array.of(4, 0, 2, 3), 2)).toBe(true);
    expect(factorise(Float64Array.of(1, 0, 2, 3), 2)).toBe(false);
  });
});

describe('the normal distribution', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963985],
    [0.01, -2.326347874],
    [1e-6, -4.753424309],
  ])('has the right quantile of %f', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 6);
  });

  it('has the expected improvement that a numerical sum gives, near and far', () => {
    for (const [mean, deviation, best] of [
      [0, 1, 0],
      [1, 0.5, 0],
      [-1, 2, 3],
      [3, 0.2, 1],
      [-2.9, 1, 0.2],
    ] as const) {
      let sum = 0;
      const step = 1e-3;
      for (let z = -9; z < 9; z += step)
        sum += ((Math.max(0, mean + deviation * z - best) * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)) * step;
      expect(logExpectedImprovement(mean, deviation, best)).toBeCloseTo(Math.log(sum), 3);
    }
  });

  it('still orders hopeless candidates', () => {
    const gains = [-10, -20, -40, -80].map((mean) => logExpectedImprovement(mean, 1, 0));
    expect([...gains].sort((a, b) => b - a)).toEqual(gains);
    expect(gains.every(Number.isFinite)).toBe(true);
  });
});
