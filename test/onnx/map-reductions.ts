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
import type { Value } from './plan.ts';

interface Reduction {
  readonly kind: string;
  /** What is applied to the result at the end. */
  readonly after?: string;
}

/** `X` reduced along some of its dimensions by an operator that takes any; without dimensions it is one element. */
function reduceAlong(call: Call, X: Value, axes: readonly number[], keep: boolean, { kind, after }: Reduction): Value {
  const result = X.shape.flatMap((extent, d) => (axes.includes(d) ? (keep ? [1] : []) : [extent]));
  if (X.shape.length > 8) notMapped(`${call.node.type} along ${X.shape.length} dimensions`);
  const [shape, named] = X.shape.length === 0 ? [[1], [0]] : [X.shape, axes];
  // A reduction over no dimension still applies something, such as the root of a square.
  if (named.length === 0) notMapped(`${call.node.type} along nothing`);
  const [rows = 1, cols = 1] = shape;
  const inputs = { X };
  const epilogue: Record<string, string> = after === undefined ? {} : { epilogue: after };
  if (shape.length === 2 && named.length === 1 && (kind === 'sum' || kind === 'max')) {
    const wish = { shape: { rows, cols, axis: named[0] as number, keepdims: keep ? 1 : 0 }, attributes: epilogue };
    return call.plan.run(`reduce_${kind}`, { ...wish, inputs, result });
  }
  const attributes = { kind, axes: named.join(','), shape: shape.join(','), ...epilogue };
  return call.plan.run('reduce', { shape: { keepdims: keep ? 1 : 0 }, attributes, inputs, result });
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
    const flattening = call.opset < 13;
    const axis = axisOf(integerOf(call, 'axis', flattening ? 1 : -1), X.shape.length);
    const rest = { inputs: { X }, result: X.shape };
    if (!flattening) {
      const attributes = { shape: X.shape.join(','), axis: String(axis) };
      return [call.plan.run(operator, { shape: {}, attributes, ...rest })];
    }
    const cols = sizeOf(X.shape.slice(axis));
    return [call.plan.run(operator, { shape: { rows: sizeOf(X.shape) / cols, cols }, ...rest })];
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
