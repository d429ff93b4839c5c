import { defineOperator, dimension } from '../../src/operators/define.ts';
import { div, expNumber, maxNumberOver, mul, reductionAxis, sub, sumOver } from '../../src/operators/expression.ts';
import { reals } from '../../src/operators/fill.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';

/** Columns of Z weighed by the softmax of rows of X, written as three reductions by somebody who knows nothing of attention. */
export const weightedMean = defineOperator({
  name: 'weighted_mean',
  summary: 'mean[c,r] = sum over k of softmax(X)[r,k] x Z[k,c]',
  parameters: {
    r: dimension(3, 'rows'),
    k: dimension(8, 'columns of X'),
    c: dimension(2, 'columns of Z'),
  },
  build: (p) => {
    const X = input('X', [p.r, p.k], 'f32');
    const Z = input('Z', [p.k, p.c], 'f32');
    const [k, l, m] = [reductionAxis('k', p.k), reductionAxis('l', p.k), reductionAxis('m', p.k)];
    const top = compute('top', { r: p.r }, ({ r }) => maxNumberOver(X.at(r, k), [k]), { stage: 'find' });
    const mass = compute('mass', { r: p.r }, ({ r }) => sumOver(expNumber(sub(X.at(r, l), top.at(r))), [l]), {
      stage: 'add',
    });
    const mean = compute(
      'mean',
      { c: p.c, r: p.r },
      ({ c, r }) => sumOver(div(mul(div(Z.at(m, c), 4), expNumber(sub(X.at(r, m), top.at(r)))), mass.at(r)), [m]),
      { stage: 'weigh' },
    );
    return program([X, Z], [mean]);
  },
  reference: (p, _, { X, Z }) => ({
    mean: (flat) => {
      const [column, row] = [Math.floor(flat / p.r), flat % p.r];
      const weights = Array.from({ length: p.k }, (_unused, at) => Math.exp(X?.[row * p.k + at] ?? Number.NaN));
      const total = weights.reduce((all, next) => all + next, 0);
      return weights.reduce((all, next, at) => all + (next * (Z?.[at * p.c + column] ?? Number.NaN)) / 4 / total, 0);
    },
  }),
  inputs: () => ({ X: reals(-2, 2), Z: reals(-2, 2) }),
  tolerance: () => ({ absolute: 1e-4, relative: 1e-4 }),
});
