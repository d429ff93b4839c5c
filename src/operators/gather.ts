import { refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension, optional } from './define.ts';
import type { Value } from './definition.ts';
import { add, and, ge, lt, position, select } from './expression.ts';
import { exact, integers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

const indexTypes = ['i32', 'u32'] as const;

/**
 * Y[outer, i, :] = X[outer, indices[i], :]: an embedding, and ONNX's Gather along any axis. Of i32 indices -1 is the last row, as ONNX and
 * numpy count. The row of an index that names none, from v on or before -v, is zeros: kernels can raise no error, and a row of some other
 * place would be taken for an answer.
 */
defineOperator({
  name: 'gather',
  summary: 'rows of a table, by their indices: Y[outer,n,d] from X[outer,v,d] and indices[n], e.g. an embedding',
  parameters: {
    n: dimension(128, 'indices: rows of Y'),
    v: dimension(1000, 'rows of X, e.g. the words of a vocabulary'),
    d: dimension(256, 'elements of a row'),
    outer: optional(dimension(1, 'product of the dimensions before the one that indices count')),
  },
  attributes: {
    indices: optional(
      attribute('i32', 'i32 (-1 is the last row) or u32; the row of an index that names none is zeros'),
    ),
  },
  examples: [
    { says: 'the embeddings of 128 tokens', shape: 'n=128,v=32000,d=768' },
    { says: 'ONNX: Gather along axis 1 of [8,64,20]', shape: 'outer=8,v=64,d=20,n=10' },
  ],
  check: (_, { indices }) =>
    (indexTypes as readonly string[]).includes(indices)
      ? null
      : refuse('bad-indices', () => `indices="${indices}" must be i32 or u32`),
  build: (p, a, dtype) => {
    const outer = p.outer === 1 ? {} : { o: p.outer };
    const X = input('X', [...Object.values(outer), p.v, p.d], dtype);
    const indices = input('indices', [p.n], a.indices === 'u32' ? 'u32' : 'i32');
    const axes: { readonly o?: number; readonly i: number; readonly j: number } = { ...outer, i: p.n, j: p.d };
    const Y = compute(
      'Y',
      axes,
      ({ o, i, j }) => {
        const given = indices.at(i);
        const row: Value = a.indices === 'u32' ? given : select(lt(given, 0), add(given, p.v), given);
        const named = a.indices === 'u32' ? lt(row, p.v) : and(ge(row, 0), lt(row, p.v));
        return select(named, X.at(...(o === undefined ? [] : [o]), position(row, p.v), j), 0);
      },
      { stage: 'gather' },
    );
    return program([X, indices], [Y]);
  },
  reference: (p, a, { X, indices }) => ({
    Y: (flat) => {
      const given = indices?.[Math.floor(flat / p.d) % p.n] ?? Number.NaN;
      const row = a.indices === 'i32' && given < 0 ? given + p.v : given;
      if (row < 0 || row >= p.v) return 0;
      const outer = Math.floor(flat / (p.d * p.n));
      return X?.[(outer * p.v + row) * p.d + (flat % p.d)] ?? Number.NaN;
    },
  }),
  // Some indices lie just outside.
  inputs: (p, a) => ({
    X: integers(-2048, 2048),
    indices: a.indices === 'u32' ? integers(0, p.v) : integers(-p.v - 1, p.v),
  }),
  tolerance: () => exact,
});
