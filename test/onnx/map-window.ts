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

/** Windows of a node along one dimension. */
interface Along {
  readonly size: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly extent: number;
}

/** The numbers that our operators take for the dimension that a line lacks: it is an image of one row. */
const oneRow: Along = { size: 1, taps: 1, stride: 1, dilation: 1, before: 0, after: 0, extent: 1 };

/** `auto_pad` where it is set; our operators use the same names. */
function automaticOf(call: Call): string | null {
  const mode = textOf(call, 'auto_pad', 'NOTSET');
  return mode === 'NOTSET' ? null : mode;
}

/** Windows along every dimension of the image; their number is worked out here once more, as the text of ONNX says. */
function windowsOf(call: Call, image: readonly number[], taps: readonly number[]): readonly Along[] {
  const { type } = call.node;
  if (image.length < 1 || image.length > 2) notMapped(`${type} over ${image.length} dimensions`);
  const strides = integersOfAttribute(call, 'strides') ?? image.map(() => 1);
  const dilations = integersOfAttribute(call, 'dilations') ?? image.map(() => 1);
  const automatic = automaticOf(call);
  const pads = (automatic === null ? integersOfAttribute(call, 'pads') : null) ?? image.flatMap(() => [0, 0]);
  const up = integerOf(call, 'ceil_mode', 0) !== 0;
  return image.map((size, d): Along => {
    const [count, stride, dilation] = [taps[d] as number, strides[d] as number, dilations[d] as number];
    const [before, after] = [pads[d] as number, pads[d + image.length] as number];
    const windows = { size, taps: count, stride, dilation, before, after };
    if (automatic?.startsWith('SAME')) return { ...windows, extent: Math.ceil(size / stride) };
    const steps = (size + before + after - dilation * (count - 1) - 1) / stride;
    const last = up && automatic === null ? Math.ceil(steps) : Math.floor(steps);
    // A window does not begin in the padding at the end.
    const dropped = up && last * stride >= size + before;
    return { ...windows, extent: dropped ? last : last + 1 };
  });
}

/** The parameters of an operator over an image: one number for both directions and all sides, and those that differ from it. */
function imageShape(call: Call, [y, x]: readonly [Along, Along]): Readonly<Record<string, number>> {
  const side = (value: number): number => (value === y.before ? -1 : value);
  return {
    ...{ h: y.size, w: x.size, kh: y.taps, kw: x.taps, stride: y.stride },
    stride_w: x.stride === y.stride ? 0 : x.stride,
    ...(automaticOf(call) === null
      ? { pad: y.before, pad_left: side(x.before), pad_bottom: side(y.after), pad_right: side(x.after) }
      : {}),
  };
}

const dilations = ([y, x]: readonly [Along, Along]): Readonly<Record<string, number>> => ({
  dilation: y.dilation,
  dilation_w: x.dilation === y.dilation ? 0 : x.dilation,
});

const asImage = (along: readonly Along[]): readonly [Along, Along] =>
  along.length === 1 ? [oneRow, along[0] as Along] : [along[0] as Along, along[1] as Along];

/** A bias of one value per channel becomes the epilogue. */
function attributesOf(call: Call, bias: Value | null): { readonly attributes: Readonly<Record<string, string>> } {
  const automatic = automaticOf(call);
  return {
    attributes: {
      ...(bias === null ? {} : { epilogue: 'x + bias' }),
      ...(automatic === null ? {} : { auto_pad: automatic }),
    },
  };
}

export function mapConv(call: Call): Value[] {
  const [X, W, bias] = [inputOf(call, 0), inputOf(call, 1), optionalInputOf(call, 2)];
  const [n = 1, c = 1, ...image] = X.shape;
  const [oc = 1, , ...taps] = W.shape;
  const groups = integerOf(call, 'group', 1);
  const along = windowsOf(call, image, taps);
  const inputs = { X, W, ...(bias === null ? {} : { bias }) };
  const rest = { ...attributesOf(call, bias), inputs, result: [n, oc, ...along.map(({ extent }) => extent)] };
  if (along.length === 1) {
    const { size, taps: k, stride, dilation, before, after } = along[0] as Along;
    const pads = automaticOf(call) === null ? { pad: before, pad_right: after === before ? -1 : after } : {};
    const line = { l: size, k, stride, dilation, ...pads };
    return [call.plan.run('conv1d', { shape: { n, c, oc, groups, ...line }, ...rest })];
  }
  const windows = asImage(along);
  const shape = { n, c, ...imageShape(call, windows), ...dilations(windows) };
  if (groups > 1 && groups === c && oc === c) return [call.plan.run('depthwise_conv2d', { shape, ...rest })];
  return [call.plan.run('conv2d', { shape: { ...shape, oc, groups }, ...rest })];
}

export function mapConvTranspose(call: Call): Value[] {
  const [X, W, bias] = [inputOf(call, 0), inputOf(call, 1), optionalInputOf(call, 2)];
  const [n = 1, c = 1, ...image] = X.shape;
  const [, outputs = 1, ...taps] = W.shape;
  if (image.length < 1 || image.length > 2) notMapped(`ConvTranspose over ${image.length} dimensions`);
  const groups = integerOf(call, 'group', 1);
  const [y, x] =
    image.length === 1 ? [{ ...oneRow, extra: 0 }, ...spreadOf(call, image, taps)] : spreadOf(call, image, taps);
  if (y === undefined || x === undefined) return notMapped('ConvTranspose without an image');
  const oc = outputs * groups;
  const wish = {
    shape: {
      ...{ n, c, oc, groups, ...imageShape(call, [y, x]), ...dilations([y, x]) },
      ...{ output_pad: y.extra, output_pad_w: x.extra === y.extra ? -1 : x.extra },
    },
    ...attributesOf(call, bias),
    inputs: { X, W, ...(bias === null ? {} : { bias }) },
    result: [n, oc, ...[y, x].slice(2 - image.length).map(({ extent }) => extent)],
  };
  return [call.plan.run('conv_transpose2d', wish)];
}

/** What is cut off and added along each dimension; where the output's shape is given, as much as that shape takes. */
function spreadOf(
  call: Call,
  image: readonly number[],
  taps: readonly number[],
): readonly (Along & { readonly extra: number })[] {
  const automatic = automaticOf(call);
  const list = (name: string, fallback: number): readonly number[] =>
    integersOfAttribute(call, name) ?? image.map(() => fallback);
  const pads = integersOfAttribute(call, 'pads') ?? image.flatMap(() => [0, 0]);
  const wanted = integersOfAttribute(call, 'output_shape');
  if (wanted !== null && automatic !== null) notMapped('ConvTranspose with both output_shape and auto_pad');
  return image.map((size, d) => {
    const [stride, dilation, count] = [list('strides', 1)[d] ?? 1, list('dilations', 1)[d] ?? 1, taps[d] ?? 1];
    const extra = list('output_padding', 0)[d] ?? 0;
    const whole = (size - 1) * stride + dilation * (count - 1) + 1 + extra;
    const along = { size, taps: count, stride, dilation };
    if (automatic !== null)
      return { ...along, before: 0, after: 0, extra, extent: automatic === 'VALID' ? whole : size * stride };
    const target = wanted?.at(d - image.length) ?? null;
    if (target === null) {
      const [before, after] = [pads[d] ?? 0, pads[d + image.length] ?? 0];
      return { ...along, before, after, extra, extent: whole - before - after };
    }
    const off = Math.max(0, whole - target);
    const after = Math.floor(off / 2);
    return { ...along, before: off - after, after, extra: extra + Math.max(0, target - whole), extent: target };
  });
}

export function mapPool(call: Call): Value[] {
  const { type } = call.node;
  const average = type === 'AveragePool';
  const X = inputOf(call, 0);
  const [n = 1, c = 1, ...image] = X.shape;
  const taps = integersOfAttribute(call, 'kernel_shape') ?? notMapped(`${type} without kernel_shape`);
  const along = windowsOf(call, image, taps);
  const windows = asImage(along);
  const ceil_mode = automaticOf(call) === null ? integerOf(call, 'ceil_mode', 0) : 0;
  const shape = { n, c, ...imageShape(call, windows), ...dilations(windows), ceil_mode };
  const rest = { ...attributesOf(call, null), inputs: { X }, result: [n, c, ...along.map(({ extent }) => extent)] };
  if (!average) return [call.plan.run('max_pool2d', { shape, ...rest })];
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
