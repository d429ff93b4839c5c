import { axisOf, type Call, inputOf, integerOf, integersOfInput, notMapped, optionalInputOf, sizeOf } from './call.ts';
import type { Plan, Value } from './plan.ts';

/** Rows of a table, along any of its dimensions. */
function gather(plan: Plan, X: Value, indices: Value, axis: number): Value {
  const [before, after] = [X.shape.slice(0, axis), X.shape.slice(axis + 1)];
  return plan.run('gather', {
    shape: { outer: sizeOf(before), v: X.shape[axis] as number, d: sizeOf(after), n: sizeOf(indices.shape) },
    inputs: { X, indices },
    result: [...before, ...indices.shape, ...after],
  });
}

export function mapGather(call: Call): Value[] {
  const X = inputOf(call, 0);
  return [gather(call.plan, X, inputOf(call, 1), axisOf(integerOf(call, 'axis', 0), X.shape.length))];
}

export function mapCumSum(call: Call): Value[] {
  const X = inputOf(call, 0);
  const [axis = 0] = integersOfInput(call, 1) ?? [];
  const ends = { exclusive: integerOf(call, 'exclusive', 0), reverse: integerOf(call, 'reverse', 0) };
  const attributes = { shape: X.shape.join(','), axis: String(axis) };
  return [call.plan.run('cumsum', { shape: ends, attributes, inputs: { X }, result: X.shape })];
}

/** Heads lie before positions, or in a tensor of three dimensions behind them. Where positions are given, they name rows of the tables. */
export function mapRope(call: Call): Value[] {
  const [X, cos, sin] = [inputOf(call, 0), inputOf(call, 1), inputOf(call, 2)];
  const positions = optionalInputOf(call, 3);
  const heads_last = X.shape.length === 3 ? 1 : 0;
  const [b = 1, second = 1, third = 1, fourth = 1] = X.shape;
  const h = heads_last ? integerOf(call, 'num_heads', 0) : second;
  if (h < 1) return notMapped('RotaryEmbedding without a number of heads');
  const [s, d] = heads_last ? [second, third / h] : [third, fourth];
  const rotary = integerOf(call, 'rotary_embedding_dim', 0);
  const angles = (table: Value): Value => (positions === null ? table : gather(call.plan, table, positions, 0));
  return [
    call.plan.run('rope', {
      shape: { b, h, s, d, rotary, heads_last, interleaved: integerOf(call, 'interleaved', 0), batch_angles: 1 },
      inputs: { X, cos: angles(cos), sin: angles(sin) },
      result: X.shape,
    }),
  ];
}
