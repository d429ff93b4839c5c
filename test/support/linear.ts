import { defineOperator, dimension } from '../../src/operators/define.ts';
import { add, max, mul, reductionAxis, sumOver } from '../../src/operators/expression.ts';
import { exact, exactIntegers } from '../../src/operators/fill.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';

/** Z = relu(A x B + bias): a reduction with an epilogue of two elementwise stages. Importing this file registers it. */
export const linear = defineOperator({
  name: 'linear_for_tests',
  summary: 'matrix product with a bias and a rectifier',
  parameters: { m: dimension(4, 'rows'), n: dimension(6, 'columns'), k: dimension(5, 'what is summed over') },
  build: (p, _, dtype) => {
    const A = input('A', [p.m, p.k], dtype);
    const B = input('B', [p.k, p.n], dtype);
    const bias = input('bias', [p.n], dtype);
    const k = reductionAxis('k', p.k);
    const C = compute('C', { i: p.m, j: p.n }, ({ i, j }) => sumOver(mul(A.at(i, k), B.at(k, j)), [k]), {
      stage: 'matmul',
    });
    const D = compute('D', { i: p.m, j: p.n }, ({ i, j }) => add(C.at(i, j), bias.at(j)), { stage: 'add_bias' });
    const Z = compute('Z', { i: p.m, j: p.n }, ({ i, j }) => max(D.at(i, j), 0), { stage: 'relu' });
    return program([A, B, bias], [Z]);
  },
  reference: (p, _, { A, B, bias }) => ({
    Z: (flat) => {
      const [row, column] = [Math.floor(flat / p.n), flat % p.n];
      let total = bias?.[column] ?? Number.NaN;
      for (let k = 0; k < p.k; k++) total += (A?.[row * p.k + k] ?? Number.NaN) * (B?.[k * p.n + column] ?? Number.NaN);
      return Math.max(0, total);
    },
  }),
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(dtype, p.k + 1, 2);
    return { A: fill, B: fill, bias: fill };
  },
  tolerance: () => exact,
});
