import { defineOperator, dimension } from './define.ts';
import { cast, div, exp, log, maxOver, reductionAxis, sub, sumOver, type Value } from './expression.ts';
import { reals, type Tolerance } from './fill.ts';
import type { Operator } from './operator.ts';
import { compute, input, program } from './tensor.ts';

interface SoftmaxDefinition {
  readonly name: string;
  readonly summary: string;
  /** The result from an element less its row's maximum, and the row's sum of exponentials. */
  readonly normalise: (shifted: Value, sum: Value) => Value;
  /** The same for the reference, with the element itself. */
  readonly expected: (element: number, largest: number, sum: number) => number;
  readonly tolerance: (cols: number) => { readonly f32: Tolerance; readonly f16: Tolerance };
}

/**
 * Three stages: the row's maximum, the sum of exponentials less it, the result. The exponentials are computed twice, in the sum and
 * in the result, rather than stored. Arithmetic is in f32 whatever the dtype: f16 could not hold the sum of a long row.
 */
function defineSoftmax({ name, summary, normalise, expected, tolerance }: SoftmaxDefinition): Operator {
  return defineOperator({
    name,
    summary,
    parameters: {
      rows: dimension(128, 'rows, each normalised by itself'),
      cols: dimension(256, 'columns: what is summed over'),
    },
    build: (p, _, dtype) => {
      const X = input('X', [p.rows, p.cols], dtype);
      const m = reductionAxis('k', p.cols);
      const rowMax = compute('rowMax', { i: p.rows }, ({ i }) => maxOver(cast('f32', X.at(i, m)), [m]), {
        stage: 'find_row_max',
      });
      const s = reductionAxis('k', p.cols);
      const rowSum = compute(
        'rowSum',
        { i: p.rows },
        ({ i }) => sumOver(exp(sub(cast('f32', X.at(i, s)), rowMax.at(i))), [s]),
        { stage: 'sum_row' },
      );
      const Y = compute(
        'Y',
        { i: p.rows, j: p.cols },
        ({ i, j }) => cast(dtype, normalise(sub(cast('f32', X.at(i, j)), rowMax.at(i)), rowSum.at(i))),
        { stage: 'normalise' },
      );
      return program([X], [Y]);
    },
    reference: (p, _, { X }) => {
      const rows = new Map<number, { readonly largest: number; readonly total: number }>();
      const statistics = (row: number) => {
        const known = rows.get(row);
        if (known !== undefined) return known;
        const elements = X?.subarray(row * p.cols, (row + 1) * p.cols) ?? new Float64Array([Number.NaN]);
        let largest = Number.NEGATIVE_INFINITY;
        for (const element of elements) largest = Math.max(largest, element);
        let total = 0;
        for (const element of elements) total += Math.exp(element - largest);
        const found = { largest, total };
        rows.set(row, found);
        return found;
      };
      return {
        Y: (flat) => {
          const { largest, total } = statistics(Math.floor(flat / p.cols));
          return expected(X?.[flat] ?? Number.NaN, largest, total);
        },
      };
    },
    inputs: () => ({ X: reals(-4, 4) }),
    ones: () => true,
    f32SumsOnly: 'in f16 a row of 4,096 equal elements would have half its sum, and every result twice its size',
    tolerance: (p, _, dtype) => tolerance(p.cols)[dtype],
  });
}

/** WGSL's exp may be 3 + 2 * |x| units in the last place off (|x| is at most 8 here) and a sum of n terms drifts with n. */
const relativeOfSum = (cols: number): number => 1e-5 + cols * 6e-8;

/** Y[i, j] = exp(X[i, j] - max X[i, :]) / sum of the same over the row. */
export const softmax = defineSoftmax({
  name: 'softmax',
  summary: 'softmax of each row of X[rows,cols], stabilised by the row maximum',
  normalise: (shifted, sum) => div(exp(shifted), sum),
  expected: (element, largest, sum) => Math.exp(element - largest) / sum,
  // f16 rounds the result to 11 bits, and a device may flush its subnormals (below 6.1e-5) to zero.
  tolerance: (cols) => ({
    f32: { absolute: 1e-9, relative: relativeOfSum(cols) },
    f16: { absolute: 6.2e-5, relative: relativeOfSum(cols) + 2e-3 },
  }),
});

/** Y[i, j] = X[i, j] - max X[i, :] - log(sum of exp(X[i, :] - max X[i, :])). */
export const logSoftmax = defineSoftmax({
  name: 'log_softmax',
  summary: 'logarithm of the softmax of each row of X[rows,cols], stabilised by the row maximum',
  normalise: (shifted, sum) => sub(shifted, log(sum)),
  expected: (element, largest, sum) => element - largest - Math.log(sum),
  // The logarithm turns the sum's relative error into an absolute one; WGSL's log itself may be 2e-7 off.
  tolerance: (cols) => ({
    f32: { absolute: relativeOfSum(cols), relative: 1e-5 },
    f16: { absolute: relativeOfSum(cols) + 1e-3, relative: 2e-3 },
  }),
});
