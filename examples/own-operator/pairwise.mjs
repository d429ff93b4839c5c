import { compute, defineOperator, dimension, exact, exactIntegers, expression, input, program } from 'wgtune';

const { mul, reductionAxis, sub, sumOver } = expression;

export const pairwise = defineOperator({
  name: 'pairwise',
  summary: 'D[i,j] = sum over d of (X[i,d] - X[j,d]) ** 2: squared distances between points',
  parameters: { points: dimension(64, 'rows of X'), dims: dimension(16, 'columns of X') },
  build: (p, _, dtype) => {
    const X = input('X', [p.points, p.dims], dtype);
    const d = reductionAxis('d', p.dims);
    const squared = ({ i, j }) => {
      const apart = sub(X.at(i, d), X.at(j, d));
      return sumOver(mul(apart, apart), [d]);
    };
    return program([X], [compute('D', { i: p.points, j: p.points }, squared, { stage: 'pairwise' })]);
  },
  reference: (p, _, { X }) => ({
    D: (flat) => {
      const [i, j] = [Math.floor(flat / p.points), flat % p.points];
      let sum = 0;
      for (let d = 0; d < p.dims; d++) sum += (X[i * p.dims + d] - X[j * p.dims + d]) ** 2;
      return sum;
    },
  }),
  // Four times as many terms, because a difference is up to twice as large as its operands.
  inputs: (p, _, dtype) => ({ X: exactIntegers(dtype, 4 * p.dims, 2) }),
  tolerance: () => exact,
});
