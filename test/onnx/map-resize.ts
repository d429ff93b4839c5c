import {
  axisOf,
  type Call,
  inputOf,
  integerOf,
  integersOfAttribute,
  notMapped,
  optionalInputOf,
  sizeOf,
  textOf,
} from './call.ts';
import type { Value } from './plan.ts';

/** What a node says of one dimension. */
interface Wanted {
  readonly scale: number;
  readonly extent: number;
}

interface Ways {
  readonly coordinates: string;
  readonly rounding: string;
}

/** Scales are numbers of f32, which stand for the decimals that their authors wrote. */
const decimal = (scale: number): number => Number(scale.toPrecision(6));

function scaled({ shape }: Value, scales: readonly number[], axes: readonly number[]): Wanted[] {
  return shape.map((extent, d) => {
    const scale = axes.includes(d) ? decimal(scales[axes.indexOf(d)] ?? 1) : 1;
    return { scale, extent: Math.floor(extent * scale) };
  });
}

/** An image, its last two dimensions, resized. */
function resized(call: Call, X: Value, wanted: readonly Wanted[], byScales: boolean, ways: Ways): Value[] {
  const mode = textOf(call, 'mode', 'nearest');
  if (!['nearest', 'linear', 'bilinear'].includes(mode)) return notMapped(`${call.node.type} by ${mode}`);
  if (wanted.length < 2 || wanted.slice(0, -2).some(({ extent }, d) => extent !== X.shape[d]))
    return notMapped(`${call.node.type} of other dimensions than the last two`);
  const [h = 1, w = 1] = X.shape.slice(-2);
  const [down, across] = wanted.slice(-2) as [Wanted, Wanted];
  const size = { oh: down.extent, ow: across.extent };
  return [
    call.plan.run('resize', {
      shape: { n: 1, c: sizeOf(X.shape.slice(0, -2)), h, w, ...(byScales ? {} : size) },
      attributes: {
        ...ways,
        mode: mode === 'nearest' ? 'nearest' : 'bilinear',
        ...(byScales ? { scales: `${down.scale},${across.scale}` } : {}),
      },
      inputs: { X },
      result: wanted.map(({ extent }) => extent),
    }),
  ];
}

export function mapResize(call: Call): Value[] {
  const X = inputOf(call, 0);
  const older = call.opset < 11;
  if (integerOf(call, 'antialias', 0) !== 0) return notMapped('Resize with antialiasing');
  if (textOf(call, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    return notMapped('Resize that keeps the aspect ratio');
  const rank = X.shape.length;
  const axes = integersOfAttribute(call, 'axes')?.map((axis) => axisOf(axis, rank)) ?? X.shape.map((_, d) => d);
  const scales = optionalInputOf(call, older ? 1 : 2);
  const sizes = older ? null : optionalInputOf(call, 3);
  const ways = {
    coordinates: textOf(call, 'coordinate_transformation_mode', older ? 'asymmetric' : 'half_pixel'),
    rounding: textOf(call, 'nearest_mode', older ? 'floor' : 'round_prefer_floor'),
  };
  if (sizes !== null) {
    const wanted = X.shape.map((extent, d) => ({ scale: 1, extent: sizes.values[axes.indexOf(d)] ?? extent }));
    return resized(call, X, wanted, false, ways);
  }
  if (scales === null) return notMapped('Resize without scales or sizes');
  const wanted = scaled(X, [...scales.values], axes);
  // The reference of ONNX then takes the corners of an image that is not whole, and providers do not.
  if (
    ways.coordinates === 'align_corners' &&
    wanted.some(({ scale, extent }, d) => extent !== (X.shape[d] ?? 0) * scale)
  )
    return notMapped('Resize with aligned corners to a size that is not whole');
  return resized(call, X, wanted, true, ways);
}

export function mapUpsample(call: Call): Value[] {
  const X = inputOf(call, 0);
  const scales = call.node.attributes.get('scales')?.floats ?? [...(optionalInputOf(call, 1)?.values ?? [])];
  const wanted = scaled(
    X,
    scales,
    X.shape.map((_, d) => d),
  );
  return resized(call, X, wanted, true, { coordinates: 'asymmetric', rounding: 'floor' });
}
