import { lowestOf } from '../ir/reducers.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, flag, integer } from './define.ts';
import {
  add,
  cast,
  div,
  type Index,
  max,
  maxOver,
  min,
  mul,
  reductionAxis,
  sub,
  sumOver,
  type Value,
} from './expression.ts';
import { exact, exactIntegers, integers, type Tolerance } from './fill.ts';
import { emptyImage, type ImageWindowParameters, imageWindows, perDirection } from './image-window.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, outputExtent, padded, type Windows } from './window.ts';

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
type Shape = ImageWindowParameters & { readonly c: number };

function check(p: Shape): Refusal | null {
  const { y, x } = imageWindows(p);
  const [narrow, taps] = p.kh < p.kw ? [y, 'kh'] : [x, 'kw'];
  const wide = narrow === y ? x : y;
  const [along, name] = beyond(narrow) ? [narrow, taps] : [wide, taps === 'kh' ? 'kw' : 'kh'];
  if (beyond(along)) {
    return refuse(
      'window-in-padding',
      () =>
        `pad=${Math.max(along.before, along.after)} must be below ${name}=${along.taps}, or a window would hold nothing but padding`,
    );
  }
  return emptyImage(p);
}

const beyond = ({ before, after, taps }: Windows): boolean => Math.max(before, after) >= taps;

/** Calls `visit` with each element under the window of an output element. */
function underWindow(p: Shape, X: Float64Array | undefined, flat: number, visit: (element: number) => void): void {
  const { y, x, oh, ow } = imageWindows(p);
  const image = Math.floor(flat / (oh * ow));
  for (let ky = 0; ky < p.kh; ky++) {
    const row = elementUnder(Math.floor(flat / ow) % oh, ky, y);
    for (let kx = 0; kx < p.kw; kx++) {
      const column = elementUnder(flat % ow, kx, x);
      if (row < 0 || row >= p.h || column < 0 || column >= p.w) continue;
      visit(X?.[(image * p.h + row) * p.w + column] ?? Number.NaN);
    }
  }
}

/** The largest element under each window; padding is lower than any. */
export const maxPool2d = defineOperator({
  name: 'max_pool2d',
  summary: '2-D max pooling Y[n,c,oh,ow] of X[n,c,h,w]',
  parameters: {
    ...parameters,
    dilation: integer(1, 'distance between elements of a window, both directions', { min: 1 }),
    dilation_w: perDirection.dilation_w,
  },
  check: (p) => {
    const refusal = check(p);
    if (refusal !== null) return refusal;
    const { y, x } = imageWindows(p);
    // The whole image may lie in a gap of the window.
    if (!windowMisses(y) && !windowMisses(x)) return null;
    return refuse(
      'window-in-padding',
      () =>
        `with dilation=${p.dilation} and pad=${p.pad} some window lies in the padding alone; take a smaller dilation`,
    );
  },
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
      underWindow(p, X, flat, (element) => {
        largest = Math.max(largest, element);
      });
      return largest;
    },
  }),
  // All negative: padding with zeros, or starting from zero, is caught.
  inputs: () => ({ X: integers(-2048, -1) }),
  tolerance: () => exact,
  channels: () => [1],
});

/** Whether some window has none of its taps inside [0, size). */
function windowMisses(along: Windows): boolean {
  const { before, after, dilation = 1, taps, size } = along;
  if (before + after === 0 || dilation === 1) return false;
  const inside = (at: number): boolean =>
    Array.from({ length: taps }, (_, tap) => elementUnder(at, tap, along)).some((at) => at >= 0 && at < size);
  return Array.from({ length: outputExtent(along) }, (_, at) => at).some((at) => !inside(at));
}

/** A sum is exact and its division correctly rounded or nearly so (WGSL: 2.5 units in the last place). */
const divided: Readonly<Record<'f32' | 'f16', Tolerance>> = {
  f32: { absolute: 1e-7, relative: 1e-6 },
  f16: { absolute: 6.2e-5, relative: 1e-3 },
};

/** The mean of each window, in f32 whatever the dtype; of what lies inside the image unless padding counts as zeros. */
export const avgPool2d = defineOperator({
  name: 'avg_pool2d',
  summary: '2-D average pooling Y[n,c,oh,ow] of X[n,c,h,w]',
  parameters: {
    ...parameters,
    count_padding: flag(false, 'padding counts as zeros of the window, which is then always divided by kh*kw'),
  },
  check,
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const { y, x, oh, ow } = imageWindows(p);
    const image = padded(X, ['n', 'c', 'y', 'x'], { y, x });
    const unpadded = [y, x].every(({ before, after }) => before + after === 0);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    // In the coordinates of the padded image, so that nothing is negative.
    const covered = (at: Index, { stride, taps, size, before }: Windows): Value => {
      const start = mul(at, stride);
      return cast('f32', sub(min(add(start, taps), size + before), max(start, before)));
    };
    const Y = accumulate(
      'Y',
      { n: p.n, c: p.c, oh, ow },
      ({ n, c, oh: row, ow: column }) =>
        sumOver(cast('f32', image.at(n, c, alongWindow(row, kh, y), alongWindow(column, kw, x))), [kh, kw]),
      {
        stage: 'avg_pool',
        dtype,
        finish: (sum, { oh: row, ow: column }) =>
          p.count_padding || unpadded ? div(sum, p.kh * p.kw) : div(sum, mul(covered(row, y), covered(column, x))),
      },
    );
    return program([X], [Y]);
  },
  reference: (p, _, { X }) => ({
    Y: (flat) => {
      let [total, count] = [0, 0];
      underWindow(p, X, flat, (element) => {
        total += element;
        count++;
      });
      return total / (p.count_padding ? p.kh * p.kw : count);
    },
  }),
  inputs: (p, _, __, sums) => ({ X: exactIntegers(sums, p.kh * p.kw, 1) }),
  tolerance: (_, __, dtype) => divided[dtype],
  channels: () => [1],
});
