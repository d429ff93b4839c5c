import { type Refusal, refuse } from '../support/refusal.ts';
import { defineOperator, dimension, integer } from './define.ts';
import { add, and, ge, type Index, lt, mul, reductionAxis, select, sub, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program, type Tensor } from './tensor.ts';

interface Geometry {
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

/** Output positions along one dimension of `size` elements under a window of `taps` elements. */
function outputExtent(size: number, taps: number, { stride, pad, dilation }: Geometry): number {
  return Math.floor((size + 2 * pad - dilation * (taps - 1) - 1) / stride) + 1;
}

/** Refuses where no window fits along one dimension. */
function emptyAlong(
  p: Geometry & Readonly<Record<'h' | 'w' | 'kh' | 'kw', number>>,
  names: { readonly size: 'h' | 'w'; readonly taps: 'kh' | 'kw' },
): Refusal | null {
  const [size, taps] = [p[names.size], p[names.taps]];
  if (outputExtent(size, taps, p) >= 1) return null;
  return refuse(
    'empty-output',
    () =>
      `the output is empty: ${names.taps}=${taps} with dilation=${p.dilation} spans ${p.dilation * (taps - 1) + 1}, ` +
      `and ${names.size}=${size} with pad=${p.pad} has only ${size + 2 * p.pad}`,
  );
}

/**
 * Two-dimensional convolution (cross-correlation, as in neural networks) in NCHW. With groups, a channel dimension appears in the
 * program as two, group and channel in the group: the same memory, and every index stays a plain sum of axes.
 */
export const conv2d = defineOperator({
  name: 'conv2d',
  summary: '2-D convolution Y[n,oc,oh,ow] of X[n,c,h,w] with W[oc,c/groups,kh,kw]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(16, 'input channels'),
    h: dimension(28, 'input height'),
    w: dimension(28, 'input width'),
    oc: dimension(32, 'output channels'),
    kh: dimension(3, 'kernel height'),
    kw: dimension(3, 'kernel width'),
    stride: integer(1, 'step between windows, both directions', { min: 1 }),
    pad: integer(1, 'zeros added on each side, both directions'),
    dilation: integer(1, 'distance between kernel taps, both directions', { min: 1 }),
    groups: dimension(1, 'independent channel groups; divides c and oc'),
  },
  check: (p) => {
    if (p.c % p.groups !== 0 || p.oc % p.groups !== 0) {
      return refuse('groups-do-not-divide', () => `groups=${p.groups} must divide c=${p.c} and oc=${p.oc}`);
    }
    return emptyAlong(p, { size: 'h', taps: 'kh' }) ?? emptyAlong(p, { size: 'w', taps: 'kw' });
  },
  build: (p, _, dtype) => {
    const [oh, ow] = [outputExtent(p.h, p.kh, p), outputExtent(p.w, p.kw, p)];
    const [channels, outputs] = [p.c / p.groups, p.oc / p.groups];
    const grouped = p.groups > 1;
    const X = input('X', grouped ? [p.n, p.groups, channels, p.h, p.w] : [p.n, p.c, p.h, p.w], dtype);
    const W = input('W', [...(grouped ? [p.groups, outputs] : [outputs]), channels, p.kh, p.kw], dtype);
    const image = p.pad === 0 ? X : padded(X, p.pad);
    const ic = reductionAxis('ic', channels);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const along = (at: Index, tap: Index): Index => add(mul(at, p.stride), mul(tap, p.dilation));
    const options = { stage: 'conv2d' };
    const Y = grouped
      ? compute(
          'Y',
          { n: p.n, g: p.groups, oc: outputs, oh, ow },
          ({ n, g, oc, oh: y, ow: x }) =>
            sumOver(mul(image.at(n, g, ic, along(y, kh), along(x, kw)), W.at(g, oc, ic, kh, kw)), [ic, kh, kw]),
          options,
        )
      : compute(
          'Y',
          { n: p.n, oc: outputs, oh, ow },
          ({ n, oc, oh: y, ow: x }) =>
            sumOver(mul(image.at(n, ic, along(y, kh), along(x, kw)), W.at(oc, ic, kh, kw)), [ic, kh, kw]),
          options,
        );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const [oh, ow] = [outputExtent(p.h, p.kh, p), outputExtent(p.w, p.kw, p)];
    const [channels, outputs] = [p.c / p.groups, p.oc / p.groups];
    return {
      Y: (flat) => {
        const x = flat % ow;
        const y = Math.floor(flat / ow) % oh;
        const oc = Math.floor(flat / (ow * oh)) % p.oc;
        const n = Math.floor(flat / (ow * oh * p.oc));
        const firstChannel = Math.floor(oc / outputs) * channels;
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = y * p.stride - p.pad + ky * p.dilation;
          if (row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = x * p.stride - p.pad + kx * p.dilation;
            if (column < 0 || column >= p.w) continue;
            for (let c = 0; c < channels; c++) {
              const pixel = X?.[((n * p.c + firstChannel + c) * p.h + row) * p.w + column] ?? Number.NaN;
              total += pixel * (W?.[((oc * channels + c) * p.kh + ky) * p.kw + kx] ?? Number.NaN);
            }
          }
        }
        return total;
      },
    };
  },
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(dtype, (p.c / p.groups) * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
});

/** The image with `pad` zeros around its last two dimensions: a stage of its own, which schedules inline. */
function padded(X: Tensor, pad: number): Tensor {
  const [h, w] = X.shape.slice(-2) as [number, number];
  const inside = (at: Index, extent: number) => [ge(at, pad), lt(at, extent + pad)] as const;
  const image = (leading: readonly Index[], y: Index, x: Index) =>
    select(and(...inside(y, h), ...inside(x, w)), X.at(...leading, sub(y, pad), sub(x, pad)), 0);
  const [height, width] = [h + 2 * pad, w + 2 * pad];
  const options = { stage: 'pad' };
  const [n, c, d] = X.shape as [number, number, number];
  return X.shape.length === 4
    ? compute('padded', { n, c, y: height, x: width }, ({ n, c, y, x }) => image([n, c], y, x), options)
    : compute('padded', { n, g: c, c: d, y: height, x: width }, ({ n, g, c, y, x }) => image([n, g, c], y, x), options);
}
