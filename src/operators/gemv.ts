import { defineOperator, dimension, flag } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

/** y[i] = sum over k of A[i, k] * x[k]; a transposed A is stored as [k, m]. */
defineOperator({
  name: 'gemv',
  summary: 'matrix times vector y[m] = A[m,k] x[k]',
  parameters: {
    m: dimension(512, 'rows of A, elements of y'),
    k: dimension(512, 'columns of A, elements of x: what is summed over'),
    transpose_a: flag(false, 'A is stored as [k,m]'),
  },
  build: (p, _, dtype) => {
    const A = input('A', p.transpose_a ? [p.k, p.m] : [p.m, p.k], dtype);
    const x = input('x', [p.k], dtype);
    const k = reductionAxis('k', p.k);
    const y = compute('y', { i: p.m }, ({ i }) => sumOver(mul(p.transpose_a ? A.at(k, i) : A.at(i, k), x.at(k)), [k]), {
      stage: 'gemv',
    });
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
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, p.k, 2);
    return { A: fill, x: fill };
  },
  tolerance: () => exact,
});
