import { defineOperator, dimension } from './define.ts';
import { cast, div, exp, maxOver, reductionAxis, sub, sumOver } from './expression.ts';
import { reals } from './fill.ts';
import { compute, input, program } from './tensor.ts';

/**
 * Y[i, j] = exp(X[i, j] - max X[i, :]) / sum of the same over the row. The exponentials are computed twice, in the sum and in the
 * result, rather than stored. Arithmetic is in f32 whatever the dtype: f16 could not hold the sum of a long row.
 */
export const softmax = defineOperator({
  name: 'softmax',
  summary: 'softmax of each row of X[rows,cols], stabilised by the row maximum',
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
      ({ i, j }) => cast(dtype, div(exp(sub(cast('f32', X.at(i, j)), rowMax.at(i))), rowSum.at(i))),
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
        return Math.exp((X?.[flat] ?? Number.NaN) - largest) / total;
      },
    };
  },
  inputs: () => ({ X: reals(-4, 4) }),
  // WGSL's exp may be 3 + 2 * |x| units in the last place off (|x| is at most 8 here) and a sum of n terms drifts with n; f16
  // rounds the result to 11 bits, and a device may flush its subnormals (below 6.1e-5) to zero.
  tolerance: (p, _, dtype) => {
    const relative = 1e-5 + p.cols * 6e-8;
    return dtype === 'f32' ? { absolute: 1e-9, relative } : { absolute: 6.2e-5, relative: relative + 2e-3 };
  },
});
