import type { Condition, Index, Value } from './definition.ts';
import { add, and, eq, floorDiv, ge, indexConstant, lt, mod, mul, select, sub } from './expression.ts';

/** Pixels of an image along a dimension, spread out by a stride, under a kernel whose taps are dilated. */
export interface Spread {
  readonly size: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Positions taken off in front. */
  readonly before: number;
}

/**
 * How the positions of an output fall into phases. Pixel i adds tap t at position i * stride + t * dilation - before, so that a position sees
 * only every `phases`-th tap; the first tap it sees is its phase. All positions of a phase are a plain convolution with its taps, without
 * zeros between pixels and without strides: position `at` of the output is place `place(at)` of phase `phase(at)`, and place v sees pixel
 * v + firstPixel - u * pixelStep under its tap u.
 */
interface Phases {
  readonly phases: number;
  /** Taps of a phase; where a phase has fewer, its last tap is beyond the kernel. */
  readonly taps: number;
  readonly places: number;
  readonly firstPixel: number;
  readonly pixelStep: number;
  readonly phase: (at: Index) => Index;
  readonly place: (at: Index) => Index;
  /** What must hold for a position that sees any pixel: where stride and dilation have a common divisor, most see none. */
  readonly seen: (at: Index) => readonly Condition[];
}

export function phasesOf({ taps, stride, dilation, before }: Spread, extent: number): Phases {
  const common = greatestCommonDivisor(stride, dilation);
  const [phases, pixelStep] = [stride / common, dilation / common];
  // The inverse solves phase * pixelStep = position modulo `phases`.
  const inverse = Array.from({ length: phases }, (_, x) => x).find((x) => (x * pixelStep) % phases === 1 % phases) ?? 0;
  const positionOf = (at: number): number => Math.floor((at + before) / common);
  const placeOf = (position: number): number => (position - ((position * inverse) % phases) * pixelStep) / phases;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < extent; at++) {
    const place = placeOf(positionOf(at));
    least = Math.min(least, place);
    most = Math.max(most, place);
  }
  const position = (at: Index): Index => floorDiv(add(at, before), common);
  const phase = (at: Index): Index =>
    phases === 1 ? indexConstant(0) : mod(inverse === 1 ? position(at) : mul(position(at), inverse), phases);
  // `more` places are added so that the dividend is never negative. Where pixelStep is 1 the division drops the phase by itself.
  const more = Math.max(0, -least);
  const strides = (at: Index): Index =>
    pixelStep === 1 ? position(at) : sub(add(position(at), more * phases), mul(phase(at), pixelStep));
  return {
    phases,
    taps: Math.ceil(taps / phases),
    places: most - least + 1,
    firstPixel: least,
    pixelStep,
    phase,
    place: (at) => sub(floorDiv(strides(at), phases), more + least),
    seen: (at) => (common === 1 ? [] : [eq(mod(add(at, before), common), 0)]),
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The range of pixels that phases see: the first one (negative in front of the image), and how many there are. */
export function surround({ places, taps, firstPixel, pixelStep }: Phases): {
  readonly first: number;
  readonly extent: number;
} {
  const reach = (taps - 1) * pixelStep;
  return { first: firstPixel - reach, extent: places + reach };
}

/** What must hold for `at` to lie in [0, size), given that it lies in [first, first + extent). */
export function within(at: Index, first: number, extent: number, size: number): Condition[] {
  return [...(first < 0 ? [ge(at, 0)] : []), ...(first + extent > size ? [lt(at, size)] : [])];
}

/** `then` where all conditions hold, else 0. */
export function where([first, ...rest]: readonly Condition[], then: Value): Value {
  return first === undefined ? then : select(and(first, ...rest), then, 0);
}
