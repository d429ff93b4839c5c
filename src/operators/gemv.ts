import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, flag, option } from './define.ts';
import { cast, mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { input, program } from './tensor.ts';

/** y[i] = sum over k of A[i, k] * x[k]; a transposed A is stored as [k, m]. */
export const gemv = defineOperator({
  name: 'gemv',
  summary: 'matrix times vector y[m] = A[m,k] x[k]',
  parameters: {
    m: dimension(512, 'rows of A, elements of y'),
    k: dimension(512, 'columns of A, elements of x: what is summed over'),
    transpose_a: flag(false, 'A is stored as [k,m]'),
    accumulate_f32: option('f16: sums are kept in f32 and rounded once'),
  },
  build: (p, _, dtype) => {
    const A = input('A', p.transpose_a ? [p.k, p.m] : [p.m, p.k], dtype);
    const x = input('x', [p.k], dtype);
    const k = reductionAxis('k', p.k);
    const sums = p.accumulate_f32 ? 'f32' : dtype;
    const y = accumulate(
      'y',
      { i: p.m },
      ({ i }) => sumOver(mul(cast(sums, p.transpose_a ? A.at(k, i) : A.at(i, k)), cast(sums, x.at(k))), [k]),
      { stage: 'gemv', dtype },
    );
    return program([A, x], [y]);
  },
  reference: (p, _, { A, x }) => {
    const [row, step] = p.transpose_a ? [1, p.m] : [p.k, 1];
    return {
      y: (i) => {
        let total = 0;
        for (let k = 0; k < p.k; k++) total += (A?.[i * row + k * step] ?? Number.NaN) * (x?.[k] ?? Number.NaN);
        return total;
      },
    };
  },
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(p.accumulate_f32 ? 'f32' : dtype, p.k, 2);
    return { A: fill, x: fill };
  },
  tolerance: () => exact,
});
