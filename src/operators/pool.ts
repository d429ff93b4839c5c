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
import { compute, input, program } from './tensor.ts';
import { alongWindow, emptyAlong, outputExtent, padded } from './window.ts';

const parameters = {
  n: dimension(1, 'batch'),
  c: dimension(32, 'channels'),
  h: dimension(28, 'input height'),
  w: dimension(28, 'input width'),
  kh: dimension(3, 'window height'),
  kw: dimension(3, 'window width'),
  stride: integer(2, 'step between windows, both directions', { min: 1 }),
  pad: integer(1, 'rows and columns added on each side, both directions; below kh and kw'),
} as const;
type Shape = { readonly [K in keyof typeof parameters]: number };

function check(p: Shape & { readonly dilation?: number }): Refusal | null {
  const smallest = p.kh < p.kw ? 'kh' : 'kw';
  if (p.pad >= p[smallest]) {
    return refuse(
      'window-in-padding',
      () => `pad=${p.pad} must be below ${smallest}=${p[smallest]}, or a window would hold nothing but padding`,
    );
  }
  return emptyAlong(p, { size: 'h', taps: 'kh' }) ?? emptyAlong(p, { size: 'w', taps: 'kw' });
}

/** Calls `visit` with each element under the window of an output element. */
function underWindow(
  p: Shape & { readonly dilation?: number },
  X: Float64Array | undefined,
  flat: number,
  visit: (element: number) => void,
): void {
  const [oh, ow] = [outputExtent(p.h, p.kh, p), outputExtent(p.w, p.kw, p)];
  const image = Math.floor(flat / (oh * ow));
  for (let ky = 0; ky < p.kh; ky++) {
    const row = (Math.floor(flat / ow) % oh) * p.stride - p.pad + ky * (p.dilation ?? 1);
    for (let kx = 0; kx < p.kw; kx++) {
      const column = (flat % ow) * p.stride - p.pad + kx * (p.dilation ?? 1);
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
  },
  check: (p) => {
    const refusal = check(p);
    if (refusal !== null || p.pad === 0 || p.dilation === 1) return refusal;
    // The whole image may lie in a gap of the window.
    if (!windowMisses(p.h, p.kh, p) && !windowMisses(p.w, p.kw, p)) return null;
    return refuse(
      'window-in-padding',
      () =>
        `with dilation=${p.dilation} and pad=${p.pad} some window lies in the padding alone; take a smaller dilation`,
    );
  },
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const lowest = lowestOf(dtype).value;
    const image = p.pad === 0 ? X : padded(X, ['n', 'c', 'y', 'x'], { y: p.pad, x: p.pad }, lowest);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const Y = compute(
      'Y',
      { n: p.n, c: p.c, oh: outputExtent(p.h, p.kh, p), ow: outputExtent(p.w, p.kw, p) },
      ({ n, c, oh, ow }) => maxOver(image.at(n, c, alongWindow(oh, kh, p), alongWindow(ow, kw, p)), [kh, kw]),
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
function windowMisses(size: number, taps: number, p: Shape & { readonly dilation: number }): boolean {
  const windows = outputExtent(size, taps, p);
  for (let at = 0; at < windows; at++) {
    let inside = false;
    for (let tap = 0; tap < taps; tap++) {
      const element = at * p.stride - p.pad + tap * p.dilation;
      if (element >= 0 && element < size) inside = true;
    }
    if (!inside) return true;
  }
  return false;
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
    const image = p.pad === 0 ? X : padded(X, ['n', 'c', 'y', 'x'], { y: p.pad, x: p.pad });
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    // In the coordinates of the padded image, so that nothing is negative.
    const covered = (at: Index, taps: number, size: number): Value => {
      const start = mul(at, p.stride);
      return cast('f32', sub(min(add(start, taps), size + p.pad), max(start, p.pad)));
    };
    const Y = accumulate(
      'Y',
      { n: p.n, c: p.c, oh: outputExtent(p.h, p.kh, p), ow: outputExtent(p.w, p.kw, p) },
      ({ n, c, oh, ow }) =>
        sumOver(cast('f32', image.at(n, c, alongWindow(oh, kh, p), alongWindow(ow, kw, p))), [kh, kw]),
      {
        stage: 'avg_pool',
        dtype,
        finish: (sum, { oh, ow }) =>
          p.count_padding || p.pad === 0
            ? div(sum, p.kh * p.kw)
            : div(sum, mul(covered(oh, p.kh, p.h), covered(ow, p.kw, p.w))),
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
  inputs: (p) => ({ X: exactIntegers('f32', p.kh * p.kw, 1) }),
  tolerance: (_, __, dtype) => divided[dtype],
  channels: () => [1],
});
