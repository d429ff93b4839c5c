import { axisAttributes, innerParameter, writeOutAxis } from './along-axis.ts';
import { defineOperator, dimension } from './define.ts';
import type { Index, Value } from './definition.ts';
import { cast, div, expNumber, log, maxNumberOver, reductionAxis, sub, sumOver } from './expression.ts';
import { reals, type Tolerance } from './fill.ts';
import type { Operator } from './operator.ts';
import { compute, input, program } from './tensor.ts';
import { unlessBroken } from './unless-broken.ts';

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
 * Three stages: the row's maximum, the sum of exponentials less that maximum, the result. The exponentials are computed twice, in the sum
 * and in the result, rather than stored. A NaN or a +inf makes its row NaN, and a row of nothing but -inf is NaN too (see unless-broken.ts).
 * Arithmetic is in f32 whatever the dtype: f16 could not hold the sum of a long row.
 */
function defineSoftmax({ name, summary, normalise, expected, tolerance }: SoftmaxDefinition): Operator {
  return defineOperator({
    name,
    summary,
    parameters: {
      rows: dimension(128, 'rows, each normalised by itself'),
      cols: dimension(256, 'columns: what is summed over'),
      inner: innerParameter('normalised'),
    },
    attributes: axisAttributes('summed over'),
    writeOut: (_, a, given) => writeOutAxis(name, a, given),
    examples: [
      { says: 'along any dimension of a tensor of any rank', attributes: { shape: '8,12,64,64', axis: '1' } },
      { says: 'the same, said in numbers', shape: 'rows=8,cols=12,inner=4096' },
    ],
    build: (p, _, dtype) => {
      const lines = p.inner === 1 ? {} : { l: p.inner };
      const X = input('X', [p.rows, p.cols, ...Object.values(lines)], dtype);
      const behind = (l: Index | undefined): readonly Index[] => (l === undefined ? [] : [l]);
      /** The axes of tensors that have one element per row, and of those that have all elements. */
      const rows: { readonly i: number; readonly l?: number } = { i: p.rows, ...lines };
      const elements: { readonly i: number; readonly j: number; readonly l?: number } = {
        i: p.rows,
        j: p.cols,
        ...lines,
      };
      const m = reductionAxis('k', p.cols);
      const rowMax = compute('rowMax', rows, ({ i, l }) => maxNumberOver(cast('f32', X.at(i, m, ...behind(l))), [m]), {
        stage: 'find_row_max',
      });
      const s = reductionAxis('k', p.cols);
      const rowSum = compute(
        'rowSum',
        rows,
        ({ i, l }) => sumOver(expNumber(sub(cast('f32', X.at(i, s, ...behind(l))), rowMax.at(i, ...behind(l)))), [s]),
        { stage: 'sum_row' },
      );
      const Y = compute(
        'Y',
        elements,
        ({ i, j, l }) => {
          const row = [i, ...behind(l)];
          return cast(
            dtype,
            normalise(sub(cast('f32', X.at(i, j, ...behind(l))), rowMax.at(...row)), unlessBroken(rowSum.at(...row))),
          );
        },
        { stage: 'normalise' },
      );
      return program([X], [Y]);
    },
    reference: (p, _, { X }) => {
      const rows = new Map<number, { readonly largest: number; readonly total: number }>();
      const statistics = (row: number, line: number) => {
        const known = rows.get(row * p.inner + line);
        if (known !== undefined) return known;
        const first = row * p.cols * p.inner + line;
        const elements = Float64Array.from({ length: p.cols }, (_, j) => X?.[first + j * p.inner] ?? Number.NaN);
        let largest = Number.NEGATIVE_INFINITY;
        for (const element of elements) largest = Math.max(largest, element);
        let total = 0;
        for (const element of elements) total += Math.exp(element - largest);
        const found = { largest, total };
        rows.set(row * p.inner + line, found);
        return found;
      };
      return {
        Y: (flat) => {
          const { largest, total } = statistics(Math.floor(flat / (p.cols * p.inner)), flat % p.inner);
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

/** WGSL's exp may be 3 + 2 * |x| units in the last place off (|x| is at most 8 here) and the error of a sum of n terms grows with n. */
const relativeOfSum = (cols: number): number => 1e-5 + cols * 6e-8;

/** Y[i, j] = exp(X[i, j] - max X[i, :]) / sum of the same over the row. */
defineSoftmax({
  name: 'softmax',
  summary: 'softmax of each row of X[rows,cols], stabilised by the row maximum; or along any dimension',
  normalise: (shifted, sum) => div(expNumber(shifted), sum),
  expected: (element, largest, sum) => Math.exp(element - largest) / sum,
  // f16 rounds the result to 11 bits, and a device may flush its subnormals (below 6.1e-5) to zero.
  tolerance: (cols) => ({
    f32: { absolute: 1e-9, relative: relativeOfSum(cols) },
    f16: { absolute: 6.2e-5, relative: relativeOfSum(cols) + 2e-3 },
  }),
});

/** Y[i, j] = X[i, j] - max X[i, :] - log(sum of exp(X[i, :] - max X[i, :])). */
defineSoftmax({
  name: 'log_softmax',
  summary:
    'logarithm of the softmax of each row of X[rows,cols], stabilised by the row maximum; or along any dimension',
  normalise: (shifted, sum) => sub(shifted, log(sum)),
  expected: (element, largest, sum) => element - largest - Math.log(sum),
  // The logarithm turns the sum's relative error into an absolute one; WGSL's log itself may be 2e-7 off.
  tolerance: (cols) => ({
    f32: { absolute: relativeOfSum(cols), relative: 1e-5 },
    f16: { absolute: relativeOfSum(cols) + 1e-3, relative: 2e-3 },
  }),
});
