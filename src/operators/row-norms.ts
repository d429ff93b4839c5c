import { defineOperator, dimension } from './define.ts';
import type { Index, Value } from './definition.ts';
import { checkEpsilon, epsilonAttribute } from './epsilon.ts';
import { add, cast, div, inverseSqrt, mul, reductionAxis, sub, sumOver } from './expression.ts';
import { reals, type Tolerance } from './fill.ts';
import { compute, input, program } from './tensor.ts';

const parameters = {
  rows: dimension(128, 'rows, each normalised by itself'),
  cols: dimension(256, 'columns: what mean and variance are taken of'),
} as const;

/** The error of sums grows with their length; an element less the mean keeps the mean's absolute error, enlarged by 1 / deviation. */
function toleranceOf(cols: number, dtype: 'f32' | 'f16'): Tolerance {
  const own = 2e-5 + cols * 6e-8;
  return dtype === 'f32' ? { absolute: 10 * own, relative: own } : { absolute: 10 * own + 1e-4, relative: own + 2e-3 };
}

const f32SumsOnly = 'the sum of squares of a row soon leaves the range of f16';

const square = (a: Value): Value => mul(a, a);

/**
 * Y[i, j] = (X[i, j] - mean) / sqrt(variance + epsilon) * gamma[j] + beta[j] with mean and variance of row i. Two passes over a row: the
 * variance comes from the deviations, because digits cancel in the sum of squares. Arithmetic is in f32 whatever the dtype.
 */
defineOperator({
  name: 'layer_norm',
  summary: 'layer normalisation of each row of X[rows,cols], scaled by gamma[cols], shifted by beta[cols]',
  parameters,
  attributes: { epsilon: epsilonAttribute },
  check: (_, { epsilon }) => checkEpsilon(epsilon),
  build: (p, { epsilon }, dtype) => {
    const X = input('X', [p.rows, p.cols], dtype);
    const gamma = input('gamma', [p.cols], dtype);
    const beta = input('beta', [p.cols], dtype);
    const k = reductionAxis('k', p.cols);
    const rowSum = compute('rowSum', { i: p.rows }, ({ i }) => sumOver(cast('f32', X.at(i, k)), [k]), {
      stage: 'sum_row',
    });
    const v = reductionAxis('k', p.cols);
    const deviation = (row: Index, column: Index): Value =>
      sub(cast('f32', X.at(row, column)), div(rowSum.at(row), p.cols));
    const rowSquares = compute('rowSquares', { i: p.rows }, ({ i }) => sumOver(square(deviation(i, v)), [v]), {
      stage: 'sum_squares',
    });
    const Y = compute(
      'Y',
      { i: p.rows, j: p.cols },
      ({ i, j }) => {
        const scale = inverseSqrt(add(div(rowSquares.at(i), p.cols), Number(epsilon)));
        return cast(dtype, add(mul(mul(deviation(i, j), scale), cast('f32', gamma.at(j))), cast('f32', beta.at(j))));
      },
      { stage: 'normalise' },
    );
    return program([X, gamma, beta], [Y]);
  },
  reference: (p, { epsilon }, { X, gamma, beta }) => {
    const known = new Map<number, { readonly mean: number; readonly variance: number }>();
    const statistics = (row: number) => {
      const before = known.get(row);
      if (before !== undefined) return before;
      const elements = X?.subarray(row * p.cols, (row + 1) * p.cols) ?? new Float64Array([Number.NaN]);
      const mean = elements.reduce((sum, element) => sum + element, 0) / p.cols;
      const variance = elements.reduce((sum, element) => sum + (element - mean) ** 2, 0) / p.cols;
      known.set(row, { mean, variance });
      return { mean, variance };
    };
    return {
      Y: (flat) => {
        const { mean, variance } = statistics(Math.floor(flat / p.cols));
        const normal = ((X?.[flat] ?? Number.NaN) - mean) / Math.sqrt(variance + Number(epsilon));
        return normal * (gamma?.[flat % p.cols] ?? Number.NaN) + (beta?.[flat % p.cols] ?? Number.NaN);
      },
    };
  },
  inputs: () => ({ X: reals(-4, 4), gamma: reals(-2, 2), beta: reals(-2, 2) }),
  // With all elements 1 every deviation is 0, and the rounding error of the division comes out times 1 / sqrt(epsilon).
  ones: (_, { epsilon }) => Number(epsilon) >= 1e-6,
  f32SumsOnly,
  tolerance: (p, _, dtype) => toleranceOf(p.cols, dtype),
});

/** Y[i, j] = X[i, j] / sqrt(mean of X[i, :] squared + epsilon) * gamma[j], in f32 whatever the dtype. */
defineOperator({
  name: 'rms_norm',
  summary: 'each row of X[rows,cols] over its root mean square, scaled by gamma[cols]',
  parameters,
  attributes: { epsilon: epsilonAttribute },
  check: (_, { epsilon }) => checkEpsilon(epsilon),
  build: (p, { epsilon }, dtype) => {
    const X = input('X', [p.rows, p.cols], dtype);
    const gamma = input('gamma', [p.cols], dtype);
    const k = reductionAxis('k', p.cols);
    const rowSquares = compute('rowSquares', { i: p.rows }, ({ i }) => sumOver(square(cast('f32', X.at(i, k))), [k]), {
      stage: 'sum_squares',
    });
    const Y = compute(
      'Y',
      { i: p.rows, j: p.cols },
      ({ i, j }) => {
        const scale = inverseSqrt(add(div(rowSquares.at(i), p.cols), Number(epsilon)));
        return cast(dtype, mul(mul(cast('f32', X.at(i, j)), scale), cast('f32', gamma.at(j))));
      },
      { stage: 'normalise' },
    );
    return program([X, gamma], [Y]);
  },
  reference: (p, { epsilon }, { X, gamma }) => {
    const known = new Map<number, number>();
    const rootMeanSquare = (row: number): number => {
      const before = known.get(row);
      if (before !== undefined) return before;
      const elements = X?.subarray(row * p.cols, (row + 1) * p.cols) ?? new Float64Array([Number.NaN]);
      const mean = elements.reduce((sum, element) => sum + element * element, 0) / p.cols;
      known.set(row, Math.sqrt(mean + Number(epsilon)));
      return Math.sqrt(mean + Number(epsilon));
    };
    return {
      Y: (flat) =>
        ((X?.[flat] ?? Number.NaN) / rootMeanSquare(Math.floor(flat / p.cols))) *
        (gamma?.[flat % p.cols] ?? Number.NaN),
    };
  },
  inputs: () => ({ X: reals(-4, 4), gamma: reals(-2, 2) }),
  ones: () => true,
  f32SumsOnly,
  tolerance: (p, _, dtype) => toleranceOf(p.cols, dtype),
});
