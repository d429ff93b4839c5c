import { type Call, floatOf, inputOf, integerOf, literal, notMapped, optionalInputOf, textOf } from './call.ts';
import type { Plan, Value } from './plan.ts';

const operands = ['x', 'y', 'z'] as const;
const dimensions = ['n', 'c', 'h', 'w'] as const;

/** The shape that numpy's broadcasting gives. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, d) => {
    const extents = shapes.map((shape) => shape[d - rank + shape.length] ?? 1);
    const extent = Math.max(...extents);
    if (extents.some((one) => one !== 1 && one !== extent)) throw new Error(`[${extents.join(', ')}] do not broadcast`);
    return extent;
  });
}

/**
 * An expression of up to three operands, broadcast as numpy does. Neighbouring dimensions in which all operands repeat alike
 * become one, since our operator has four.
 */
export function broadcast(plan: Plan, expression: string, values: readonly Value[]): Value {
  if (values.length > operands.length) notMapped(`${values.length} operands in one expression`);
  const result = broadcastShape(values.map(({ shape }) => shape));
  const merged: { extent: number; readonly repeats: readonly boolean[] }[] = [];
  result.forEach((extent, d) => {
    if (extent === 1) return;
    const repeats = values.map(({ shape }) => (shape[d - result.length + shape.length] ?? 1) === 1);
    const last = merged.at(-1);
    if (last !== undefined && last.repeats.join() === repeats.join()) last.extent *= extent;
    else merged.push({ extent, repeats });
  });
  if (merged.length > dimensions.length) notMapped(`broadcasting along ${merged.length} dimensions`);
  const none = { extent: 1, repeats: values.map(() => false) };
  const four = [...dimensions.slice(merged.length).map(() => none), ...merged];
  const attributes = Object.fromEntries([
    ['expression', expression],
    ...values.map((_, i) => [operands[i], dimensions.map((name, d) => (four[d]?.repeats[i] ? '1' : name)).join(',')]),
  ]);
  return plan.run('elementwise', {
    shape: Object.fromEntries(dimensions.map((name, d) => [name, four[d]?.extent ?? 1])),
    attributes,
    inputs: Object.fromEntries(values.map((value, i) => [operands[i], value])),
    result,
  });
}

type Mapping = (call: Call) => Value[];

/** A function of one tensor and the node's numbers. */
export function unary(expression: (call: Call) => string): Mapping {
  return (call) => [broadcast(call.plan, expression(call), [inputOf(call, 0)])];
}

function requireNewBroadcasting({ node, opset }: Call): void {
  if (opset < 7 && node.attributes.has('axis'))
    notMapped(`${node.type} with broadcasting along an axis (before opset 7)`);
}

/** A function of two tensors. */
export function binary(expression: string): Mapping {
  return (call) => {
    requireNewBroadcasting(call);
    return [broadcast(call.plan, expression, [inputOf(call, 0), inputOf(call, 1)])];
  };
}

/** Before opset 7 a slope of several values has one per channel; since then it broadcasts. */
export const mapPRelu: Mapping = (call) => {
  const [X, slope] = [inputOf(call, 0), inputOf(call, 1)];
  const channels = call.opset < 7 && slope.shape.length === 1 && slope.values.length > 1;
  const shape = channels ? [...slope.shape, ...X.shape.slice(2).map(() => 1)] : slope.shape;
  return [broadcast(call.plan, 'max(x, 0) + y * min(x, 0)', [X, { ...slope, shape }])];
};

/** A function of any number of tensors, taken two at a time where there are more than three. */
export function variadic(join: (a: string, b: string) => string): Mapping {
  return (call) => {
    const [first, ...rest] = call.node.inputs.map((_, position) => inputOf(call, position));
    if (first === undefined) return notMapped(`${call.node.type} of nothing`);
    if (rest.length === 0) return notMapped(`${call.node.type} of one tensor`);
    if (rest.length === 2) return [broadcast(call.plan, join(join('x', 'y'), 'z'), [first, ...rest])];
    return [rest.reduce((all, next) => broadcast(call.plan, join('x', 'y'), [all, next]), first)];
  };
}

export function mapMean(call: Call): Value[] {
  const [sum] = variadic((a, b) => `${a} + ${b}`)(call);
  return sum === undefined ? [] : [broadcast(call.plan, `x / ${call.node.inputs.length}`, [sum])];
}

/** Bounds are attributes before opset 11 and scalars after it. */
export function mapClip(call: Call): Value[] {
  const bound = (position: number, name: string): number | null =>
    optionalInputOf(call, position)?.values[0] ?? call.node.attributes.get(name)?.floats[0] ?? null;
  const [low, high] = [bound(1, 'min'), bound(2, 'max')];
  const above = low === null ? 'x' : `max(x, ${literal(low)})`;
  return [broadcast(call.plan, high === null ? above : `min(${above}, ${literal(high)})`, [inputOf(call, 0)])];
}

export const leakyRelu = unary((call) => `max(x, 0) + ${literal(floatOf(call, 'alpha', 0.01))} * min(x, 0)`);
export const elu = unary((call) => `max(x, 0) + ${literal(floatOf(call, 'alpha', 1))} * (exp(min(x, 0)) - 1)`);
export const selu = unary((call) => {
  // The numbers of Klambauer et al. (2017), as ONNX rounds them.
  const [alpha, gamma] = [floatOf(call, 'alpha', 1.6732632), floatOf(call, 'gamma', 1.050701)];
  return `${literal(gamma)} * (max(x, 0) + ${literal(alpha)} * (exp(min(x, 0)) - 1))`;
});
export const hardSigmoid = unary((call) => {
  const [alpha, beta] = [floatOf(call, 'alpha', 0.2), floatOf(call, 'beta', 0.5)];
  return `max(0, min(1, x * ${literal(alpha)} + ${literal(beta)}))`;
});
export const gelu = unary((call) => (textOf(call, 'approximate', 'none') === 'tanh' ? 'gelu(x)' : 'gelu_erf(x)'));
export const swish = unary((call) => {
  const alpha = floatOf(call, 'alpha', 1);
  return alpha === 1 ? 'silu(x)' : `x * sigmoid(${literal(alpha)} * x)`;
});
/** Inference only: with a mask or a seed, the result would be random. */
export const dropout: Mapping = (call) => {
  const training = optionalInputOf(call, 2)?.values[0] ?? 0;
  if (training !== 0 || call.node.outputs.length > 1 || integerOf(call, 'is_test', 1) === 0)
    return notMapped('Dropout that drops');
  return [inputOf(call, 0)];
};
