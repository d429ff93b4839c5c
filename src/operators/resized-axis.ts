import { type Refusal, refuse } from '../support/refusal.ts';
import { largestParameter } from './define.ts';
import type { Condition, Index, Value } from './definition.ts';
import { add, cast, eq, floorDiv, indexConstant, max, min, mod, mul, sub } from './expression.ts';

/** How places of a resized image lie in the original, by ONNX's names. */
export const coordinateModes = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'] as const;
export type CoordinateMode = (typeof coordinateModes)[number];

/** Which neighbour is the nearest, by ONNX's names. */
export const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
export type NearestMode = (typeof nearestModes)[number];

/** A positive rational number. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/**
 * A dimension that is resized from `size` to `extent` elements. Place x lies at (x * step + start) / unit of the original: the position is a
 * rational number, so that integer arithmetic finds its neighbours exactly, also where f32 would land on the wrong side of one.
 */
export interface ResizedAxis {
  readonly size: number;
  readonly extent: number;
  readonly step: number;
  readonly start: number;
  readonly unit: number;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : commonDivisor(b, a % b));

/** The axis with a given scale; without one it is the quotient of both sizes. */
export function resizedAxis(size: number, extent: number, mode: CoordinateMode, scale: Ratio | null): ResizedAxis {
  const { up, down } = scale ?? { up: extent, down: size };
  // A place of one element is the first, where corners lie on each other and by PyTorch's half pixels.
  const first = [0, 0, 1] as const;
  const centred = [2 * down, down - up, 2 * up] as const;
  const [step, start, unit] = {
    half_pixel: centred,
    pytorch_half_pixel: extent === 1 ? first : centred,
    asymmetric: [down, 0, up] as const,
    align_corners: extent === 1 ? first : ([size - 1, 0, extent - 1] as const),
  }[mode];
  const common = commonDivisor(commonDivisor(step, start), unit);
  return { size, extent, step: step / common, start: start / common, unit: unit / common };
}

/** Refuses an axis whose positions need larger integers than indices are. */
export function checkResizedAxis(name: string, { extent, step, start, unit }: ResizedAxis): Refusal | null {
  // Rounding to the nearest doubles all of them.
  if (2 * (extent * step + Math.abs(start) + unit) <= largestParameter) return null;
  return refuse(
    'scale-too-fine',
    () =>
      `positions along ${name} would be fractions too fine for 32-bit integers; take a simpler scale, or smaller sizes`,
  );
}

/** floor((x * step + start) / unit), kept within the original; common factors are taken out, so that a whole scale divides by itself alone. */
function floorAt(x: Index, step: number, start: number, unit: number, { size, extent }: ResizedAxis): Index {
  const common = commonDivisor(step, unit);
  const [by, from, over] = [step / common, Math.floor(start / common), unit / common];
  const at = floorDiv(by === 0 ? indexConstant(from) : add(by === 1 ? x : mul(x, by), from), over);
  const [first, last] = [Math.floor(from / over), Math.floor(((extent - 1) * by + from) / over)];
  const above = first < 0 ? max(at, 0) : at;
  return last >= size ? min(above, size - 1) : above;
}

/** The element nearest to a place. */
export function nearestTo(x: Index, axis: ResizedAxis, rounding: NearestMode): Index {
  const { step, start, unit } = axis;
  switch (rounding) {
    case 'floor':
      return floorAt(x, step, start, unit, axis);
    case 'ceil':
      return floorAt(x, step, start + unit - 1, unit, axis);
    case 'round_prefer_floor':
      // ceil(v - 1/2)
      return floorAt(x, 2 * step, 2 * start + unit - 1, 2 * unit, axis);
    case 'round_prefer_ceil':
      return floorAt(x, 2 * step, 2 * start + unit, 2 * unit, axis);
  }
}

/** The two elements between which a place lies, and how much each counts. */
export interface Between {
  readonly lower: Index;
  /** The next one, or the one on the edge; null where every place lies on an element. */
  readonly upper: Index | null;
  readonly lowerShare: Value;
  readonly upperShare: Value;
  /** Whether the place lies on the lower one, which then counts alone: devices differ in what an infinite neighbour times zero is. */
  readonly isLower: Condition;
}

export function between(x: Index, axis: ResizedAxis): Between {
  const { step, start, unit } = axis;
  const part = mod(add(mul(x, step), start), unit);
  const share = (parts: Index): Value => mul<Value>(cast('f32', parts), 1 / unit);
  return {
    lower: floorAt(x, step, start, unit, axis),
    upper: unit === 1 ? null : floorAt(x, step, start + unit, unit, axis),
    lowerShare: share(sub<Index>(unit, part)),
    upperShare: share(part),
    isLower: eq(part, 0),
  };
}
