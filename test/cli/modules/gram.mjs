import { compute, defineOperator, dimension, exact, exactIntegers, expression, input, program } from 'wgtune';

const { mul, reductionAxis, sumOver } = expression;

export const gram = defineOperator({
  name: 'gram',
  summary: 'G[i,j] = sum over k of X[k,i] * X[k,j]',
  parameters: { n: dimension(64, 'columns of X'), k: dimension(256, 'rows of X') },
  build: (p, _, dtype) => {
    const X = input('X', [p.k, p.n], dtype);
    const k = reductionAxis('k', p.k);
    const product = ({ i, j }) => sumOver(mul(X.at(k, i), X.at(k, j)), [k]);
    return program([X], [compute('G', { i: p.n, j: p.n }, product, { stage: 'gram' })]);
  },
  reference: (p, _, { X }) => ({
    G: (flat) => {
      let sum = 0;
      for (let k = 0; k < p.k; k++) sum += X[k * p.n + Math.floor(flat / p.n)] * X[k * p.n + (flat % p.n)];
      return sum;
    },
  }),
  inputs: (p, _, dtype) => ({ X: exactIntegers(dtype, p.k, 2) }),
  tolerance: () => exact,
});
