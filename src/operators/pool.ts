import { lowestOf } from '../ir/reducers.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { autoPad, autoPadExample } from './auto-pad.ts';
import { defineOperator, dimension, flag, integer, option, optional } from './define.ts';
import type { Index, Value } from './definition.ts';
import { add, cast, div, floorDiv, max, maxOver, min, mul, reductionAxis, sub, sumOver } from './expression.ts';
import { exact, exactIntegers, integers, type Tolerance } from './fill.ts';
import {
  emptyImage,
  type ImageWindowParameters,
  imageWindows,
  perDirection,
  writeOutImagePadding,
} from './image-window.ts';
import type { Example } from './operator.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, outputExtent, padded, type Windows, windowMisses } from './window.ts';

const parameters = {
  n: dimension(1, 'batch'),
  c: dimension(32, 'channels'),
  h: dimension(28, 'input height'),
  w: dimension(28, 'input width'),
  kh: dimension(3, 'window height'),
  kw: dimension(3, 'window width'),
  stride: integer(2, 'step between windows, both directions', { min: 1 }),
  pad: integer(1, 'rows and columns added on each side, both directions; below kh and kw'),
  stride_w: perDirection.stride_w,
  pad_left: perDirection.pad_left,
  pad_bottom: perDirection.pad_bottom,
  pad_right: perDirection.pad_right,
} as const;

const ceil_mode = option(
  'rounds the number of windows up: the last may reach over the padding at the end, but not begin in it',
);
const dilation = integer(1, 'distance between elements of a window, both directions', { min: 1 });

const examples: readonly Example[] = [
  { says: 'a last window that is not whole, as ONNX and PyTorch', shape: 'h=28,w=28,kh=3,kw=3,pad=0,ceil_mode=1' },
  autoPadExample,
];

function check(p: ImageWindowParameters): Refusal | null {
  const { y, x } = imageWindows(p);
  for (const [along, taps] of [
    [y, 'kh'],
    [x, 'kw'],
  ] as const) {
    if (outputExtent(along) < 1 || !windowMisses(along)) continue;
    const padding = Math.max(along.before, along.after);
    const fault = 'or a window would hold nothing but padding';
    return refuse('window-in-padding', () =>
      padding >= along.taps
        ? `pad=${padding} must be below ${taps}=${along.taps}, ${fault}`
        : `with dilation=${along.dilation} and pad=${padding} some window lies in the padding alone; take a smaller dilation`,
    );
  }
  return emptyImage(p);
}

/** Calls `visit` with each element under the window of an output element: 0 in the padding, and nothing beyond the padding. */
function underWindow(
  p: ImageWindowParameters,
  X: Float64Array | undefined,
  flat: number,
  visit: (element: number, inside: boolean) => void,
): void {
  const { y, x, oh, ow } = imageWindows(p);
  const image = Math.floor(flat / (oh * ow));
  const beyond = (at: number, { size, after }: Windows): boolean => at >= size + after;
  for (let ky = 0; ky < p.kh; ky++) {
    const row = elementUnder(Math.floor(flat / ow) % oh, ky, y);
    for (let kx = 0; kx < p.kw; kx++) {
      const column = elementUnder(flat % ow, kx, x);
      if (beyond(row, y) || beyond(column, x)) continue;
      const inside = row >= 0 && row < p.h && column >= 0 && column < p.w;
      visit(inside ? (X?.[(image * p.h + row) * p.w + column] ?? Number.NaN) : 0, inside);
    }
  }
}

/** The largest element under each window; padding is lower than any but minus infinity. A window with a NaN is NaN. */
defineOperator({
  name: 'max_pool2d',
  summary: '2-D max pooling Y[n,c,oh,ow] of X[n,c,h,w]',
  parameters: { ...parameters, dilation, dilation_w: perDirection.dilation_w, ceil_mode },
  attributes: autoPad,
  writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
  examples,
  check,
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const lowest = lowestOf(dtype).value;
    const { y, x, oh, ow } = imageWindows(p);
    const image = padded(X, ['n', 'c', 'y', 'x'], { y, x }, lowest);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const Y = compute(
      'Y',
      { n: p.n, c: p.c, oh, ow },
      ({ n, c, oh: row, ow: column }) =>
        maxOver(image.at(n, c, alongWindow(row, kh, y), alongWindow(column, kw, x)), [kh, kw]),
      { stage: 'max_pool' },
    );
    return program([X], [Y]);
  },
  reference: (p, _, { X }) => ({
    Y: (flat) => {
      let largest = Number.NEGATIVE_INFINITY;
      underWindow(p, X, flat, (element, inside) => {
        if (inside) largest = Math.max(largest, element);
      });
      return largest;
    },
  }),
  // All are negative, so that padding with zeros, or starting from zero, is caught.
  inputs: () => ({ X: integers(-2048, -1) }),
  tolerance: () => exact,
  channels: () => [1],
});

/** The sum is exact, and its division is correctly rounded or nearly so (WGSL: 2.5 units in the last place). */
const divided: Readonly<Record<'f32' | 'f16', Tolerance>> = {
  f32: { absolute: 1e-7, relative: 1e-6 },
  f16: { absolute: 6.2e-5, relative: 1e-3 },
};

/** Whether every tap of every window counts. */
function alwaysCounted({ before, after, beyond = 0 }: Windows, padding: boolean): boolean {
  return beyond <= 0 && (padding || before + after === 0);
}

/** How many taps of a window count: those inside the image, or, with `padding`, inside the padded image. */
function countedTaps(at: Index, along: Windows, padding: boolean): Index {
  const { stride, taps, size, before, after, dilation = 1 } = along;
  // In the coordinates of the padded image, so that nothing is negative.
  const start = mul(at, stride);
  const [first, end] = padding ? [0, before + size + after] : [before, before + size];
  if (dilation === 1) {
    return sub(min(add(start, taps), end), first === 0 ? start : max(start, first));
  }
  /** Taps in front of an element that lies `distance` after the window's start. */
  const tapsBefore = (distance: Index): Index => floorDiv(add(distance, dilation - 1), dilation);
  const below = min(tapsBefore(sub(end, start)), taps);
  return first === 0 ? below : sub(below, tapsBefore(max(sub(first, start), 0)));
}

/** The mean of each window, in f32 whatever the dtype. Only elements inside the image count, unless padding counts as zeros. */
defineOperator({
  name: 'avg_pool2d',
  summary: '2-D average pooling Y[n,c,oh,ow] of X[n,c,h,w]',
  parameters: {
    ...parameters,
    count_padding: flag(
      false,
      'padding counts as zeros of the window, which is then divided by kh*kw; what ceil_mode lets a window reach beyond it does not',
    ),
    dilation: optional(dilation),
    dilation_w: perDirection.dilation_w,
    ceil_mode,
  },
  attributes: autoPad,
  writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
  examples,
  // Refusals do not mention a dilation of 1.
  check: ({ dilation: told, ...p }) => check(told === 1 ? p : { ...p, dilation: told }),
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const { y, x, oh, ow } = imageWindows(p);
    const image = padded(X, ['n', 'c', 'y', 'x'], { y, x });
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const whole = [y, x].every((along) => alwaysCounted(along, p.count_padding));
    const counted = (at: Index, along: Windows): Value => cast('f32', countedTaps(at, along, p.count_padding));
    const Y = accumulate(
      'Y',
      { n: p.n, c: p.c, oh, ow },
      ({ n, c, oh: row, ow: column }) =>
        sumOver(cast('f32', image.at(n, c, alongWindow(row, kh, y), alongWindow(column, kw, x))), [kh, kw]),
      {
        stage: 'avg_pool',
        dtype,
        finish: (sum, { oh: row, ow: column }) =>
          div(sum, whole ? p.kh * p.kw : mul(counted(row, y), counted(column, x))),
      },
    );
    return program([X], [Y]);
  },
  reference: (p, _, { X }) => ({
    Y: (flat) => {
      let [total, count] = [0, 0];
      underWindow(p, X, flat, (element, inside) => {
        total += element;
        if (inside || p.count_padding) count++;
      });
      return total / count;
    },
  }),
  inputs: (p, _, __, sums) => ({ X: exactIntegers(sums, p.kh * p.kw, 1) }),
  ones: () => true,
  tolerance: (_, __, dtype) => divided[dtype],
  channels: () => [1],
});
