import {
  axisOf,
  type Call,
  floatOf,
  inputOf,
  integerOf,
  integersOfAttribute,
  notMapped,
  optionalInputOf,
  textOf,
} from './call.ts';
import type { Value } from './plan.ts';

/** Image and window of a node as our operators take them: two dimensions, the same numbers for both. */
interface Windows {
  readonly image: readonly [h: number, w: number];
  readonly taps: readonly [kh: number, kw: number];
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  /** Of the result, as many as the image had in the graph. */
  readonly extents: readonly number[];
}

function same(node: string, what: string, values: readonly number[]): number {
  const [first = 0] = values;
  if (values.some((value) => value !== first)) notMapped(`${node} with ${what} [${values.join(', ')}], which differ`);
  return first;
}

/** Padding before and after each dimension, with `auto_pad` worked out. */
function paddingOf(
  call: Call,
  image: readonly number[],
  spans: readonly number[],
  strides: readonly number[],
): readonly number[] {
  const automatic = textOf(call, 'auto_pad', 'NOTSET');
  if (automatic === 'VALID') return image.flatMap(() => [0, 0]);
  if (automatic === 'NOTSET') return integersOfAttribute(call, 'pads') ?? image.flatMap(() => [0, 0]);
  const totals = image.map((size, d) => {
    const [span = 1, stride = 1] = [spans[d], strides[d]];
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
  });
  const before = totals.map((total) => (automatic === 'SAME_LOWER' ? Math.ceil(total / 2) : Math.floor(total / 2)));
  return [...before, ...totals.map((total, d) => total - (before[d] as number))];
}

function windowsOf(call: Call, image: readonly number[], taps: readonly number[]): Windows {
  const { type } = call.node;
  if (image.length < 1 || image.length > 2) notMapped(`${type} over ${image.length} dimensions`);
  const strides = integersOfAttribute(call, 'strides') ?? image.map(() => 1);
  const dilations = integersOfAttribute(call, 'dilations') ?? image.map(() => 1);
  const spans = taps.map((count, d) => (dilations[d] as number) * (count - 1) + 1);
  const pad = same(type, 'pads', paddingOf(call, image, spans, strides));
  const rooms = image.map((size, d) => size + 2 * pad - (spans[d] as number));
  if (integerOf(call, 'ceil_mode', 0) !== 0 && rooms.some((room, d) => room % (strides[d] as number) !== 0))
    notMapped(`${type} with windows that reach over the end (ceil_mode)`);
  const extents = rooms.map((room, d) => Math.floor(room / (strides[d] as number)) + 1);
  // Along a dimension with one window the stride says nothing, and the dilation nothing about a window of one tap.
  const several = strides.filter((_, d) => (extents[d] as number) > 1);
  const stride = same(type, 'strides', several.length > 0 ? several : strides);
  if (rooms.some((room, d) => Math.floor(room / stride) + 1 !== extents[d]))
    notMapped(`${type} with strides [${strides.join(', ')}], which differ`);
  const reaching = dilations.filter((_, d) => (taps[d] as number) > 1);
  const dilation = reaching.length > 0 ? same(type, 'dilations', reaching) : 1;
  const one = image.length === 1;
  // A line is an image of one row; rows of padding would give it more.
  if (one && pad > 0 && type !== 'Conv') notMapped(`${type} with padding over one dimension`);
  const pair = (list: readonly number[]): readonly [number, number] =>
    one ? [1, list[0] as number] : [list[0] as number, list[1] as number];
  return { image: pair(image), taps: pair(taps), stride, pad, dilation, extents };
}

/** A bias of one value a channel becomes the epilogue. */
function withBias(bias: Value | null): Pick<Parameters<Call['plan']['run']>[1], 'attributes'> {
  return bias === null ? {} : { attributes: { epilogue: 'x + bias' } };
}

export function mapConv(call: Call): Value[] {
  const [X, W, bias] = [inputOf(call, 0), inputOf(call, 1), optionalInputOf(call, 2)];
  const [n = 1, c = 1, ...image] = X.shape;
  const [oc = 1, , ...taps] = W.shape;
  const groups = integerOf(call, 'group', 1);
  const { image: sizes, taps: kernel, stride, pad, dilation, extents } = windowsOf(call, image, taps);
  const [[h, w], [kh, kw]] = [sizes, kernel];
  const inputs = { X, W, ...(bias === null ? {} : { bias }) };
  const rest = { ...withBias(bias), inputs, result: [n, oc, ...extents] };
  if (image.length === 1) {
    if (groups === 1)
      return [call.plan.run('conv1d', { shape: { n, c, l: w, oc, k: kw, stride, pad, dilation }, ...rest })];
    if (pad > 0) notMapped('Conv with groups and padding over one dimension');
  }
  const shape = { n, c, h, w, kh, kw, stride, pad, dilation };
  if (groups > 1 && groups === c && oc === c) return [call.plan.run('depthwise_conv2d', { shape, ...rest })];
  return [call.plan.run('conv2d', { shape: { ...shape, oc, groups }, ...rest })];
}

export function mapConvTranspose(call: Call): Value[] {
  const [X, W, bias] = [inputOf(call, 0), inputOf(call, 1), optionalInputOf(call, 2)];
  const [n = 1, c = 1, ...image] = X.shape;
  const [, oc = 1, ...taps] = W.shape;
  if (image.length !== 2) notMapped(`ConvTranspose over ${image.length} dimensions`);
  if (integerOf(call, 'group', 1) !== 1) notMapped('ConvTranspose with groups');
  if (integersOfAttribute(call, 'output_shape') !== null) notMapped('ConvTranspose with output_shape');
  const automatic = textOf(call, 'auto_pad', 'NOTSET');
  if (!['NOTSET', 'VALID'].includes(automatic)) notMapped(`ConvTranspose with auto_pad ${automatic}`);
  const list = (name: string, fallback: number): number =>
    same('ConvTranspose', name, integersOfAttribute(call, name) ?? [fallback]);
  const pad = automatic === 'VALID' ? 0 : list('pads', 0);
  const [stride, dilation, extra] = [list('strides', 1), list('dilations', 1), list('output_padding', 0)];
  const [[h = 1, w = 1], [kh = 1, kw = 1]] = [image, taps];
  const extent = (size: number, count: number): number =>
    (size - 1) * stride + dilation * (count - 1) + 1 + extra - 2 * pad;
  const wish = {
    shape: { n, c, h, w, oc, kh, kw, stride, pad, dilation, output_pad: extra },
    ...withBias(bias),
    inputs: { X, W, ...(bias === null ? {} : { bias }) },
    result: [n, oc, extent(h, kh), extent(w, kw)],
  };
  return [call.plan.run('conv_transpose2d', wish)];
}

export function mapPool(call: Call): Value[] {
  const { type } = call.node;
  const average = type === 'AveragePool';
  const X = inputOf(call, 0);
  const [n = 1, c = 1, ...image] = X.shape;
  const taps = integersOfAttribute(call, 'kernel_shape') ?? notMapped(`${type} without kernel_shape`);
  const { image: sizes, taps: kernel, stride, pad, dilation, extents } = windowsOf(call, image, taps);
  const [[h, w], [kh, kw]] = [sizes, kernel];
  const shape = { n, c, h, w, kh, kw, stride, pad };
  const rest = { inputs: { X }, result: [n, c, ...extents] };
  if (!average) return [call.plan.run('max_pool2d', { shape: { ...shape, dilation }, ...rest })];
  if (dilation !== 1) notMapped('AveragePool with dilation');
  const count_padding = integerOf(call, 'count_include_pad', 0);
  return [call.plan.run('avg_pool2d', { shape: { ...shape, count_padding }, ...rest })];
}

export function mapGlobalPool(kind: 'mean' | 'max'): (call: Call) => Value[] {
  return (call) => {
    const X = inputOf(call, 0);
    const [n = 1, c = 1, ...image] = X.shape;
    const shape = { n, c, h: image.reduce((all, size) => all * size, 1), w: 1 };
    const result = [n, c, ...image.map(() => 1)];
    return [call.plan.run('reduce', { shape, attributes: { kind, axes: 'h,w' }, inputs: { X }, result })];
  };
}

export function mapBatchNorm(call: Call): Value[] {
  if (integerOf(call, 'training_mode', 0) !== 0) notMapped('BatchNormalization in training mode');
  if (integerOf(call, 'spatial', 1) === 0) notMapped('BatchNormalization with statistics of each element');
  const [X, gamma, beta, mean, variance] = [0, 1, 2, 3, 4].map((position) => inputOf(call, position)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const [n = 1, c = 1, ...image] = X.shape;
  const shape = { n, c, h: image.reduce((all, size) => all * size, 1), w: 1 };
  const attributes = { epsilon: String(floatOf(call, 'epsilon', 1e-5)) };
  return [
    call.plan.run('batch_norm', { shape, attributes, inputs: { X, gamma, beta, mean, variance }, result: X.shape }),
  ];
}

export function mapConcat(call: Call): Value[] {
  const values = call.node.inputs.map((_, position) => inputOf(call, position));
  const [first] = values;
  if (first === undefined || values.length < 2) return notMapped('Concat of one tensor');
  const axis = axisOf(integerOf(call, 'axis', 1), first.shape.length);
  const sizes = values.map(({ shape }) => shape[axis] as number);
  const product = (extents: readonly number[]): number => extents.reduce((all, size) => all * size, 1);
  const wish = {
    shape: { outer: product(first.shape.slice(0, axis)), inner: product(first.shape.slice(axis + 1)) },
    attributes: { parts: sizes.join(',') },
    inputs: Object.fromEntries(values.map((value, i) => [`X${i}`, value])),
    result: first.shape.with(
      axis,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  };
  return [call.plan.run('concat', wish)];
}
