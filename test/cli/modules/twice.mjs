import { compute, defineOperator, dimension, exact, expression, input, integers, program } from 'wgtune';

const scaled = (name, factor) =>
  defineOperator({
    name,
    summary: `Y[i] = ${factor} * X[i]`,
    parameters: { n: dimension(64, 'elements') },
    build: (p, _, dtype) => {
      const X = input('X', [p.n], dtype);
      return program([X], [compute('Y', { i: p.n }, ({ i }) => expression.mul(X.at(i), factor), { stage: name })]);
    },
    reference: (_, __, { X }) => ({ Y: (flat) => factor * X[flat] }),
    inputs: () => ({ X: integers(-8, 8) }),
    tolerance: () => exact,
  });

scaled('twice', 2);
scaled('thrice', 3);
