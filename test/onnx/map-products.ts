import { type Call, floatOf, inputOf, integerOf, literal, notMapped, optionalInputOf, sizeOf } from './call.ts';
import { broadcast, broadcastShape } from './map-elementwise.ts';
import type { Value } from './plan.ts';

/** Batched product of anything numpy multiplies: batches broadcast, and an operand of one dimension is one row or one column. */
export function mapMatmul(call: Call): Value[] {
  const [A, B] = [inputOf(call, 0), inputOf(call, 1)];
  const { plan } = call;
  const k = A.shape.at(-1) ?? notMapped('MatMul of a scalar');
  if (B.shape.length === 1) {
    const result = A.shape.slice(0, -1);
    return [plan.run('gemv', { shape: { m: sizeOf(result), k }, inputs: { A, x: B }, result })];
  }
  const n = B.shape.at(-1) ?? notMapped('MatMul of a scalar');
  const [batchA, batchB] = [A.shape.slice(0, -2), B.shape.slice(0, -2)];
  const rows = A.shape.length === 1 ? [] : [A.shape.at(-2) as number];
  const attributes = { batch_a: batchA.join(',') || '1', batch_b: batchB.join(',') || '1' };
  const result = [...broadcastShape([batchA, batchB]), ...rows, n];
  return [plan.run('matmul', { shape: { m: rows[0] ?? 1, n, k }, attributes, inputs: { A, B }, result })];
}

/** alpha * A' x B' + beta * C: C of one value per column is the product's bias or its epilogue, any other C a step of its own. */
export function mapGemm(call: Call): Value[] {
  const { plan } = call;
  const [A, B, C] = [inputOf(call, 0), inputOf(call, 1), optionalInputOf(call, 2)];
  const [alpha, beta] = [floatOf(call, 'alpha', 1), floatOf(call, 'beta', 1)];
  const [transposeA, transposeB] = [integerOf(call, 'transA', 0), integerOf(call, 'transB', 0)];
  const [m = 1, k = 1] = transposeA === 1 ? A.shape.toReversed() : A.shape;
  const n = B.shape[transposeB === 1 ? 0 : 1] as number;
  const shape = { m, n, k, transpose_a: transposeA, transpose_b: transposeB };
  const result = [m, n];
  const scaled = alpha === 1 ? 'x' : `x * ${literal(alpha)}`;
  const epilogue = alpha === 1 ? {} : { attributes: { epilogue: scaled } };
  if (C === null || beta === 0) return [plan.run('matmul', { shape, ...epilogue, inputs: { A, B }, result })];
  if (sizeOf(C.shape) === n && C.shape.at(-1) === n) {
    if (alpha === 1 && beta === 1)
      return [plan.run('matmul', { shape: { ...shape, bias: 1 }, inputs: { A, B, bias: C }, result })];
    const attributes = { epilogue: `${scaled} + bias * ${literal(beta)}` };
    return [plan.run('matmul', { shape, attributes, inputs: { A, B, bias: C }, result })];
  }
  const product = plan.run('matmul', { shape, inputs: { A, B }, result });
  return [broadcast(plan, `${scaled} + y * ${literal(beta)}`, [product, C])];
}
