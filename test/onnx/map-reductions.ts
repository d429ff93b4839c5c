import {
  axisOf,
  type Call,
  floatOf,
  inputOf,
  integerOf,
  integersOfInput,
  notMapped,
  optionalInputOf,
  sizeOf,
} from './call.ts';
import { broadcast } from './map-elementwise.ts';
import { permute } from './map-shapes.ts';
import type { Value } from './plan.ts';

const dimensions = ['n', 'c', 'h', 'w'] as const;

interface Reduction {
  readonly kind: 'sum' | 'mean' | 'max' | 'min' | 'l2' | 'argmax' | 'argmin';
  /** What becomes of the elements first and of the result last. */
  readonly before?: string;
  readonly after?: string;
}

/** `X` reduced along some of its dimensions; neighbours of a kind are joined, since ours has four. */
function reduceAlong(call: Call, X: Value, axes: readonly number[], keep: boolean, reduction: Reduction): Value {
  const { kind, before, after } = reduction;
  const source = before === undefined ? X : broadcast(call.plan, before, [X]);
  const result = X.shape.flatMap((extent, d) => (axes.includes(d) ? (keep ? [1] : []) : [extent]));
  const merged: { extent: number; readonly reduced: boolean }[] = [];
  X.shape.forEach((extent, d) => {
    if (extent === 1) return;
    const last = merged.at(-1);
    if (last !== undefined && last.reduced === axes.includes(d)) last.extent *= extent;
    else merged.push({ extent, reduced: axes.includes(d) });
  });
  if (merged.length > dimensions.length) notMapped(`${call.node.type} along ${merged.length} dimensions`);
  const inputs = { X: source };
  const epilogue: Record<string, string> = after === undefined ? {} : { epilogue: after };
  const [first, second] = merged;
  if (merged.length === 2 && (kind === 'sum' || kind === 'max') && first !== undefined && second !== undefined) {
    const shape = { rows: first.extent, cols: second.extent, axis: first.reduced ? 0 : 1 };
    return call.plan.run(`reduce_${kind}`, { shape, attributes: epilogue, inputs, result });
  }
  const shape = Object.fromEntries(dimensions.map((name, d) => [name, merged[d]?.extent ?? 1]));
  const named = dimensions.filter((_, d) => merged[d]?.reduced);
  // Over dimensions of one element there is still something to apply, such as a root of a square.
  const attributes = { kind, axes: named.length === 0 ? 'w' : named.join(','), ...epilogue };
  if (named.length === 0 && merged.length === dimensions.length) notMapped(`${call.node.type} along nothing`);
  return call.plan.run('reduce', { shape, attributes, inputs, result });
}

export function reduction(what: Reduction): (call: Call) => Value[] {
  return (call) => {
    const X = inputOf(call, 0);
    const given = call.node.attributes.get('axes')?.integers ?? integersOfInput(call, 1);
    const rank = X.shape.length;
    const none = given === null || given.length === 0;
    if (none && integerOf(call, 'noop_with_empty_axes', 0) !== 0)
      return notMapped(`${call.node.type} that does nothing`);
    const axes = none ? X.shape.map((_, d) => d) : given.map((axis) => axisOf(axis, rank));
    return [reduceAlong(call, X, axes, integerOf(call, 'keepdims', 1) !== 0, what)];
  };
}

/** The position of the extreme element along one axis. */
export function position(kind: 'argmax' | 'argmin'): (call: Call) => Value[] {
  return (call) => {
    if (integerOf(call, 'select_last_index', 0) !== 0)
      return notMapped(`${call.node.type} that wants the last of several`);
    const X = inputOf(call, 0);
    const axis = axisOf(integerOf(call, 'axis', 0), X.shape.length);
    return [reduceAlong(call, X, [axis], integerOf(call, 'keepdims', 1) !== 0, { kind })];
  };
}

/** Until opset 13 the rows are all dimensions from the axis on; since then they lie along the axis alone. */
export function rowwise(operator: 'softmax' | 'log_softmax'): (call: Call) => Value[] {
  return (call) => {
    const X = inputOf(call, 0);
    const rank = X.shape.length;
    const flattening = call.opset < 13;
    const axis = axisOf(integerOf(call, 'axis', flattening ? 1 : -1), rank);
    const run = (value: Value, cols: number, result: readonly number[]): Value =>
      call.plan.run(operator, { shape: { rows: sizeOf(result) / cols, cols }, inputs: { X: value }, result });
    if (flattening) return [run(X, sizeOf(X.shape.slice(axis)), X.shape)];
    const cols = X.shape[axis] as number;
    if (sizeOf(X.shape.slice(axis + 1)) === 1) return [run(X, cols, X.shape)];
    const others = X.shape.map((_, d) => d).filter((d) => d !== axis);
    const order = [...others, axis];
    const turned = permute(call.plan, X, order);
    const back = X.shape.map((_, d) => order.indexOf(d));
    return [permute(call.plan, run(turned, cols, turned.shape), back)];
  };
}

function rowsOf(call: Call, X: Value): { readonly rows: number; readonly cols: number; readonly axis: number } {
  const axis = axisOf(integerOf(call, 'axis', -1), X.shape.length);
  return { rows: sizeOf(X.shape.slice(0, axis)), cols: sizeOf(X.shape.slice(axis)), axis };
}

/** The normalised rows, and, where the graph wants them, their mean and the inverse of their deviation. */
export function mapLayerNorm(call: Call): Value[] {
  const [X, gamma] = [inputOf(call, 0), inputOf(call, 1)];
  const { rows, cols, axis } = rowsOf(call, X);
  if (sizeOf(gamma.shape) !== cols) return notMapped('LayerNormalization with a scale that repeats');
  const beta = optionalInputOf(call, 2) ?? { shape: [cols], values: new Float64Array(cols), step: null };
  const epsilon = floatOf(call, 'epsilon', 1e-5);
  const wish = { shape: { rows, cols }, attributes: { epsilon: String(epsilon) } };
  const Y = call.plan.run('layer_norm', { ...wish, inputs: { X, gamma, beta }, result: X.shape });
  if (call.node.outputs.length === 1) return [Y];
  const axes = X.shape.map((_, d) => d).filter((d) => d >= axis);
  const mean = reduceAlong(call, X, axes, true, { kind: 'mean' });
  const squares = broadcast(call.plan, '(x - y) * (x - y)', [X, mean]);
  const after = `1 / sqrt(x + ${epsilon})`;
  return [Y, mean, reduceAlong(call, squares, axes, true, { kind: 'mean', after })];
}

export function mapRmsNorm(call: Call): Value[] {
  const [X, gamma] = [inputOf(call, 0), inputOf(call, 1)];
  const { rows, cols } = rowsOf(call, X);
  if (sizeOf(gamma.shape) !== cols) return notMapped('RMSNormalization with a scale that repeats');
  const attributes = { epsilon: String(floatOf(call, 'epsilon', 1e-5)) };
  return [call.plan.run('rms_norm', { shape: { rows, cols }, attributes, inputs: { X, gamma }, result: X.shape })];
}
