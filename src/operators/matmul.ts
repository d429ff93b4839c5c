import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, flag, option } from './define.ts';
import { add, mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers, integers } from './fill.ts';
import { input, program } from './tensor.ts';

/** C[b, i, j] = sum over k of A[b, i, k] * B[b, k, j], plus bias[j] if asked; a transposed operand is stored with its last two dimensions swapped. */
export const matmul = defineOperator({
  name: 'matmul',
  summary: 'batched matrix product C[b,m,n] = A[b,m,k] x B[b,k,n]',
  parameters: {
    b: dimension(1, 'batch'),
    m: dimension(128, 'rows of A and C'),
    n: dimension(128, 'columns of B and C'),
    k: dimension(128, 'columns of A, rows of B: what is summed over'),
    transpose_a: flag(false, 'A is stored as [b,k,m]'),
    transpose_b: flag(false, 'B is stored as [b,n,k]'),
    bias: option('adds bias[n] to every row of C'),
  },
  build: (p, _, dtype) => {
    const A = input('A', p.transpose_a ? [p.b, p.k, p.m] : [p.b, p.m, p.k], dtype);
    const B = input('B', p.transpose_b ? [p.b, p.n, p.k] : [p.b, p.k, p.n], dtype);
    const k = reductionAxis('k', p.k);
    const bias = p.bias ? input('bias', [p.n], dtype) : null;
    const C = accumulate(
      'C',
      { b: p.b, i: p.m, j: p.n },
      ({ b, i, j }) =>
        sumOver(mul(p.transpose_a ? A.at(b, k, i) : A.at(b, i, k), p.transpose_b ? B.at(b, j, k) : B.at(b, k, j)), [k]),
      bias === null
        ? { stage: 'matmul', dtype }
        : { stage: 'matmul', dtype, finish: (sum, { j }) => add(sum, bias.at(j)) },
    );
    return program(bias === null ? [A, B] : [A, B, bias], [C]);
  },
  reference: (p, _, { A, B, bias }) => {
    // Distances between neighbours along i or j and along k.
    const [aRow, aStep] = p.transpose_a ? [1, p.m] : [p.k, 1];
    const [bColumn, bStep] = p.transpose_b ? [p.k, 1] : [1, p.n];
    return {
      C: (flat) => {
        const batch = Math.floor(flat / (p.m * p.n));
        const row = Math.floor(flat / p.n) % p.m;
        let a = batch * p.m * p.k + row * aRow;
        let b = batch * p.k * p.n + (flat % p.n) * bColumn;
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
