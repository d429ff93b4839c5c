import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { attribute, defineOperator, dimension, largestParameter, optional } from './define.ts';
import type { Index, Value } from './definition.ts';
import { add, cast, mul, select } from './expression.ts';
import { exact, integers, reals } from './fill.ts';
import {
  type Between,
  between,
  type CoordinateMode,
  checkResizedAxis,
  coordinateModes,
  type NearestMode,
  nearestModes,
  nearestTo,
  type Ratio,
  type ResizedAxis,
  resizedAxis,
} from './resized-axis.ts';
import { compute, input, program } from './tensor.ts';

interface Sizes {
  readonly h: number;
  readonly w: number;
  readonly oh: number;
  readonly ow: number;
}
interface Texts {
  readonly mode: string;
  readonly coordinates: string;
  readonly rounding: string;
  readonly scales: string;
}

const modes = ['nearest', 'bilinear'] as const;

/** A decimal number as a ratio of integers; null for what is none, and for what has more than six decimals. */
function ratioOf(text: string): Ratio | null {
  const [, whole = '', decimals = ''] = /^(\d{1,6})(?:\.(\d{1,6}))?$/.exec(text.trim()) ?? [];
  const [up, down] = [Number(`${whole}${decimals}`), 10 ** decimals.length];
  return whole === '' || up === 0 ? null : { up, down };
}

/** The scales down and across; refuses a text that is none. */
function parseScales(text: string): readonly [Ratio, Ratio] | Refusal {
  const parts = text.split(',');
  const [down, across] = parts.map(ratioOf);
  if (parts.length === 2 && down && across) return [down, across];
  return refuse(
    'bad-scales',
    () => `scales="${text}" must be two numbers above 0 with at most 6 decimals, down and across, e.g. scales="2,1.5"`,
  );
}

/** The mode, coordinates and rounding that the texts name; refuses other names. */
function check(p: Sizes, texts: Texts): Refusal | null {
  const known = { mode: modes, coordinates: coordinateModes, rounding: nearestModes } as const;
  for (const [name, names] of Object.entries(known)) {
    const text = texts[name as keyof typeof known];
    if ((names as readonly string[]).includes(text)) continue;
    return refuse('bad-mode', () => `${name}="${text}" must be one of ${names.join(', ')}`);
  }
  const scales = texts.scales === '' ? null : parseScales(texts.scales);
  if (isRefusal(scales)) return scales;
  const { y, x } = axesOf(p, texts);
  return checkResizedAxis('h', y) ?? checkResizedAxis('w', x);
}

/** Both axes, of texts that were checked. */
function axesOf(p: Sizes, { coordinates, scales }: Texts): { readonly y: ResizedAxis; readonly x: ResizedAxis } {
  const parsed = scales === '' ? null : parseScales(scales);
  const [down, across] = parsed === null || isRefusal(parsed) ? [null, null] : parsed;
  const mode = coordinates as CoordinateMode;
  return { y: resizedAxis(p.h, p.oh, mode, down), x: resizedAxis(p.w, p.ow, mode, across) };
}

/**
 * Y[n, c, y, x] = X at the place of (y, x) in the original, by its nearest element or by bilinear interpolation in f32, as ONNX's Resize does
 * with the coordinates of the same name. Places beyond the edge take the elements on it. Positions are exact fractions (see resized-axis.ts).
 */
defineOperator({
  name: 'resize',
  summary: 'X[n,c,h,w] resized to Y[n,c,oh,ow], nearest or bilinear',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(32, 'channels'),
    h: dimension(28, 'height of X'),
    w: dimension(28, 'width of X'),
    oh: dimension(56, 'height of Y'),
    ow: dimension(56, 'width of Y'),
  },
  attributes: {
    mode: attribute('nearest', 'nearest or bilinear'),
    coordinates: attribute(
      'half_pixel',
      'where places of Y lie in X, as ONNX names it: half_pixel, pytorch_half_pixel, asymmetric or align_corners',
    ),
    rounding: attribute(
      'round_prefer_floor',
      'with nearest: round_prefer_floor or round_prefer_ceil (where two are equally near), floor or ceil',
    ),
    scales: optional(
      attribute('', 'factors down and across, e.g. "2,1.5", instead of oh and ow, which are then rounded down'),
    ),
  },
  // A scale that gives whole sizes is the quotient of the sizes, and workloads hold those alone. What says nothing has its default.
  writeOut: (p, { mode, coordinates, scales }, given) => {
    const rounding = mode === 'bilinear' ? { rounding: 'round_prefer_floor' } : {};
    if (scales.trim() === '') return { attributes: { ...rounding, scales: '' } };
    const beside = ['oh', 'ow'].find((name) => given.has(name) && !isScaled(p, scales));
    if (beside !== undefined)
      return refuse('size-said-twice', () => `scales="${scales}" says the size of Y by itself; leave ${beside} out`);
    const parsed = parseScales(scales);
    if (isRefusal(parsed)) return parsed;
    const [oh, ow] = sizesOf(p, parsed);
    if (oh < 1 || ow < 1)
      return refuse(
        'empty-output',
        () => `the output is empty: scales="${scales}" of h=${p.h} and w=${p.w} leave no element`,
      );
    if (oh > largestParameter || ow > largestParameter)
      return refuse('too-large', () => `scales="${scales}" of h=${p.h} and w=${p.w} are larger than any buffer`);
    const isQuotient = parsed.every(
      ({ up, down }, i) => ([p.h, p.w][i] as number) * up === ([oh, ow][i] as number) * down,
    );
    const text = isQuotient || coordinates === 'align_corners' ? '' : parsed.map(({ up, down }) => up / down).join(',');
    return { params: { oh, ow }, attributes: { ...rounding, scales: text } };
  },
  examples: [
    {
      says: 'the upsampling of a U-Net',
      shape: 'c=320,h=32,w=32,oh=64,ow=64',
      attributes: { coordinates: 'asymmetric', rounding: 'floor' },
    },
    { says: 'bilinear, by factors', shape: 'c=3,h=50,w=75', attributes: { mode: 'bilinear', scales: '1.5,1.5' } },
  ],
  check,
  build: (p, texts, dtype) => {
    const { y, x } = axesOf(p, texts);
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const rounding = texts.rounding as NearestMode;
    const axes = { n: p.n, c: p.c, oh: p.oh, ow: p.ow };
    const nearest = (n: Index, c: Index, oh: Index, ow: Index): Value =>
      X.at(n, c, nearestTo(oh, y, rounding), nearestTo(ow, x, rounding));
    const mixed = ({ lower, upper, lowerShare, upperShare, isLower }: Between, value: (at: Index) => Value): Value =>
      upper === null
        ? value(lower)
        : select(isLower, value(lower), add(mul(value(lower), lowerShare), mul(value(upper), upperShare)));
    const interpolated = (n: Index, c: Index, oh: Index, ow: Index): Value =>
      mixed(between(oh, y), (row) => mixed(between(ow, x), (column) => cast('f32', X.at(n, c, row, column))));
    const Y = compute(
      'Y',
      axes,
      ({ n, c, oh, ow }) =>
        texts.mode === 'nearest' ? nearest(n, c, oh, ow) : cast(dtype, interpolated(n, c, oh, ow)),
      { stage: 'resize' },
    );
    return program([X], [Y]);
  },
  reference: (p, texts, { X }) => {
    const { y, x } = axesOf(p, texts);
    const pixel = (image: number, row: number, column: number): number => {
      const within = (at: number, size: number): number => Math.min(Math.max(at, 0), size - 1);
      return X?.[(image * p.h + within(row, p.h)) * p.w + within(column, p.w)] ?? Number.NaN;
    };
    // A quotient of integers below 2^53 is a whole number, or half of one, only where it is exactly that.
    const placeAlong = (at: number, { step, start, unit }: ResizedAxis): number => (at * step + start) / unit;
    const roundings: Readonly<Record<NearestMode, (place: number) => number>> = {
      floor: Math.floor,
      ceil: Math.ceil,
      round_prefer_floor: (place) => Math.ceil(place - 0.5),
      round_prefer_ceil: (place) => Math.floor(place + 0.5),
    };
    const rounded = roundings[texts.rounding as NearestMode];
    return {
      Y: (flat) => {
        const image = Math.floor(flat / (p.oh * p.ow));
        const [row, column] = [placeAlong(Math.floor(flat / p.ow) % p.oh, y), placeAlong(flat % p.ow, x)];
        if (texts.mode === 'nearest') return pixel(image, rounded(row), rounded(column));
        const [top, left] = [Math.floor(row), Math.floor(column)];
        const [down, across] = [row - top, column - left];
        const mix = (lower: number, share: number, upper: () => number): number =>
          share === 0 ? lower : lower * (1 - share) + upper() * share;
        const line = (at: number): number => mix(pixel(image, at, left), across, () => pixel(image, at, left + 1));
        return mix(line(top), down, () => line(top + 1));
      },
    };
  },
  inputs: (_, { mode }) => ({ X: mode === 'nearest' ? integers(-2048, 2048) : reals(-4, 4) }),
  // Weights are off by a few units in the last place, and neighbours of both signs may cancel.
  tolerance: (_, { mode }, dtype) => {
    if (mode === 'nearest') return exact;
    return dtype === 'f32' ? { absolute: 1e-5, relative: 1e-5 } : { absolute: 1e-4, relative: 1e-3 };
  },
  channels: () => [1],
});

/** The sizes that scales give, rounded down. */
function sizesOf({ h, w }: Sizes, [down, across]: readonly [Ratio, Ratio]): readonly [number, number] {
  return [Math.floor((h * down.up) / down.down), Math.floor((w * across.up) / across.down)];
}

/** Whether the sizes are those that the scales give: then a workload of ours is said again. */
function isScaled(p: Sizes, text: string): boolean {
  const scales = parseScales(text);
  if (isRefusal(scales)) return false;
  const [oh, ow] = sizesOf(p, scales);
  return p.oh === oh && p.ow === ow;
}
