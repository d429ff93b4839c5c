import { isRefusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { type BatchAxis, batchAxes, batchOf, batchTexts, namedBatch } from './batch-axes.ts';
import { attribute, defineOperator, dimension, flag, option, optional } from './define.ts';
import type { Index } from './definition.ts';
import { add, mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers, integers } from './fill.ts';
import { input, program } from './tensor.ts';

/** The batch axes of a workload, whose texts were checked when they were written out. */
function axesOf(
  b: number,
  { batch_a, batch_b }: { readonly batch_a: string; readonly batch_b: string },
): readonly BatchAxis[] {
  const axes = batchAxes(b, batch_a, batch_b);
  return isRefusal(axes) ? [] : axes;
}

/** C[b, i, j] = sum over k of A[b, i, k] * B[b, k, j], plus bias[j] if asked; a transposed operand is stored with its last two dimensions swapped. */
defineOperator({
  name: 'matmul',
  summary: 'batched matrix product C[b,m,n] = A[b,m,k] x B[b,k,n], batches may broadcast',
  parameters: {
    b: dimension(1, 'batch'),
    m: dimension(128, 'rows of A and C'),
    n: dimension(128, 'columns of B and C'),
    k: dimension(128, 'columns of A, rows of B: what is summed over'),
    transpose_a: flag(false, 'A is stored as [b,k,m]'),
    transpose_b: flag(false, 'B is stored as [b,n,k]'),
    bias: option('adds bias[n] to every row of C'),
  },
  attributes: {
    batch_a: optional(
      attribute('', 'the batch dimensions of A instead of b, e.g. "8,1"; those of A and B broadcast as in ONNX'),
    ),
    batch_b: optional(
      attribute('', 'the batch dimensions of B, e.g. "1,12", or "1" where every batch of A meets the same B'),
    ),
  },
  writeOut: (p, { batch_a, batch_b }, given) => {
    if (batch_a.trim() === '' && batch_b.trim() === '') return { attributes: { batch_a: '', batch_b: '' } };
    const axes = batchAxes(1, batch_a, batch_b);
    if (isRefusal(axes)) return axes;
    const b = axes.reduce((all, { extent }) => all * extent, 1);
    if (given.has('b') && p.b !== b) {
      return refuse(
        'batch-said-twice',
        () => `batch_a="${batch_a}" and batch_b="${batch_b}" make ${b} batches, not b=${p.b}; leave b out`,
      );
    }
    // Where the last batch axis is not in B, its batches of A meet the same B: their rows are rows of one product.
    const last = axes.at(-1);
    const rows = last !== undefined && !last.inB && !p.transpose_a ? last.extent : 1;
    const batches = rows > 1 ? axes.slice(0, -1) : axes;
    const plain = batches.every(({ inA, inB }) => inA && inB);
    return {
      params: { b: b / rows, m: p.m * rows },
      attributes: plain ? { batch_a: '', batch_b: '' } : batchTexts(batches),
    };
  },
  examples: [
    {
      says: 'every batch of A with the same B: [12,197,64] x [64,64]',
      shape: 'm=197,n=64,k=64',
      attributes: { batch_a: '12', batch_b: '1' },
    },
    {
      says: 'batches that broadcast both ways: [8,1,32,64] x [1,12,64,32]',
      shape: 'm=32,n=32,k=64',
      attributes: { batch_a: '8,1', batch_b: '1,12' },
    },
  ],
  build: (p, a, dtype) => {
    const batch = namedBatch(axesOf(p.b, a));
    const A = input('A', [...batch.extents('inA'), ...(p.transpose_a ? [p.k, p.m] : [p.m, p.k])], dtype);
    const B = input('B', [...batch.extents('inB'), ...(p.transpose_b ? [p.n, p.k] : [p.k, p.n])], dtype);
    const k = reductionAxis('k', p.k);
    const bias = p.bias ? input('bias', [p.n], dtype) : null;
    const axes: Readonly<Record<string, number>> & { readonly i: number; readonly j: number } = {
      ...batch.axes,
      ...{ i: p.m, j: p.n },
    };
    const C = accumulate(
      'C',
      axes,
      (index) => {
        const { i, j } = index;
        const at = (operand: 'inA' | 'inB', ...own: readonly Index[]): readonly Index[] => [
          ...batch.at(operand, index),
          ...own,
        ];
        const left = A.at(...(p.transpose_a ? at('inA', k, i) : at('inA', i, k)));
        const right = B.at(...(p.transpose_b ? at('inB', j, k) : at('inB', k, j)));
        return sumOver(mul(left, right), [k]);
      },
      bias === null
        ? { stage: 'matmul', dtype }
        : { stage: 'matmul', dtype, finish: (sum, { j }) => add(sum, bias.at(j)) },
    );
    return program(bias === null ? [A, B] : [A, B, bias], [C]);
  },
  reference: (p, a, { A, B, bias }) => {
    const axes = axesOf(p.b, a);
    // Distances between neighbours along i or j and along k.
    const [aRow, aStep] = p.transpose_a ? [1, p.m] : [p.k, 1];
    const [bColumn, bStep] = p.transpose_b ? [p.k, 1] : [1, p.n];
    return {
      C: (flat) => {
        const batch = Math.floor(flat / (p.m * p.n));
        const row = Math.floor(flat / p.n) % p.m;
        let a = batchOf(axes, 'inA', batch) * p.m * p.k + row * aRow;
        let b = batchOf(axes, 'inB', batch) * p.k * p.n + (flat % p.n) * bColumn;
        let total = p.bias ? (bias?.[flat % p.n] ?? Number.NaN) : 0;
        for (let k = 0; k < p.k; k++, a += aStep, b += bStep) total += (A?.[a] ?? Number.NaN) * (B?.[b] ?? Number.NaN);
        return total;
      },
    };
  },
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, p.k, 2);
    return p.bias ? { A: fill, B: fill, bias: integers(-8, 8) } : { A: fill, B: fill };
  },
  tolerance: () => exact,
});
