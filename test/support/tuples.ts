import { cast, float, forLoop, load, mul, sub, variable as v } from '../../src/ir/builders.ts';
import type { DType, Expr, Program, ReduceOp } from '../../src/ir/nodes.ts';
import { reducers } from '../../src/ir/reducers.ts';

const at = load('X', [v('vi'), v('vk')]);

/** The tuple that an element of X adds to each reduction, with the dtypes of the results. */
const elements: Readonly<Record<ReduceOp, readonly (readonly [DType, Expr])[]>> = {
  sum: [['f32', at]],
  prod: [['f32', at]],
  max: [['f32', at]],
  maxNumber: [['f32', at]],
  min: [['f32', at]],
  argmax: [
    ['f32', at],
    ['i32', cast('i32', v('vk'))],
  ],
  argmin: [
    ['f32', at],
    ['f32', cast('f32', v('vk'))],
  ],
  onlineSoftmax: [
    ['f32', at],
    ['f32', float(1)],
  ],
  onlineLogSumExp: [
    ['f32', at],
    ['f32', float(1)],
  ],
  onlineWeightedSum: [
    ['f32', at],
    ['f32', float(1)],
    ['f32', mul(at, float(2))],
  ],
  welford: [
    ['f32', float(1)],
    ['f32', mul(sub(at, float(0)), float(1))],
    ['f32', float(0)],
  ],
};

/** Every row of X[rows, cols] reduced: R0[rows], R1[rows] ... all outputs. */
export function reducedRows(op: ReduceOp, rows: number, cols: number): Program {
  const results = elements[op].map(([dtype, value], i) => ({ name: `R${i}`, dtype, value }));
  return {
    inputs: ['X'],
    outputs: results.map(({ name }) => name),
    buffers: [
      { name: 'X', dtype: 'f32', shape: [rows, cols], scope: 'storage' },
      ...results.map(({ name, dtype }) => ({ name, dtype, shape: [rows], scope: 'storage' as const })),
    ],
    body: [
      forLoop(
        'i',
        rows,
        forLoop('k', cols, {
          kind: 'block',
          name: 'reduce',
          iters: [
            { name: 'vi', extent: rows, type: 'spatial', binding: v('i') },
            { name: 'vk', extent: cols, type: 'reduction', binding: v('k') },
          ],
          predicate: [],
          writes: results.map(({ name, value }) => ({ buffer: name, indices: [v('vi')], value })),
          reducer: { op, initialises: true },
        }),
      ),
    ],
  };
}

/** A row's results, in float64. */
export function rowResults(op: ReduceOp, row: readonly number[]): number[] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const [most, least] = [Math.max(...row), Math.min(...row)];
  const mean = sum(row) / row.length;
  const results: Record<ReduceOp, number[]> = {
    sum: [sum(row)],
    prod: [row.reduce((product, value) => product * value, 1)],
    max: [most],
    maxNumber: [most],
    min: [least],
    argmax: [most, row.indexOf(most)],
    argmin: [least, row.indexOf(least)],
    onlineSoftmax: [most, sum(row.map((value) => Math.exp(value - most)))],
    onlineLogSumExp: [most, sum(row.map((value) => Math.exp(value - most)))],
    onlineWeightedSum: [
      most,
      sum(row.map((value) => Math.exp(value - most))),
      sum(row.map((value) => Math.exp(value - most) * value * 2)),
    ],
    welford: [row.length, mean, sum(row.map((value) => (value - mean) ** 2))],
  };
  return results[op];
}

export const reduceOps = Object.keys(reducers) as ReduceOp[];
