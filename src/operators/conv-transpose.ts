import { refuse } from '../support/refusal.ts';
import { defineOperator, dimension, integer } from './define.ts';
import {
  add,
  and,
  eq,
  floorDiv,
  ge,
  type Index,
  lt,
  mod,
  mul,
  reductionAxis,
  select,
  sub,
  sumOver,
} from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

interface Spread {
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  readonly output_pad: number;
}

/** Output positions along a dimension of `size` elements: what a convolution with the same numbers would have made `size` of. */
function spreadExtent(size: number, taps: number, { stride, pad, dilation, output_pad }: Spread): number {
  return (size - 1) * stride + dilation * (taps - 1) + 1 + output_pad - 2 * pad;
}

/**
 * Transposed convolution as a convolution: zeros between the pixels and around them (a stage of its own, which schedules inline),
 * then a plain convolution, stride 1, with the kernel turned about.
 */
export const convTranspose2d = defineOperator({
  name: 'conv_transpose2d',
  summary: 'transposed 2-D convolution Y[n,oc,oh,ow] of X[n,c,h,w] with W[c,oc,kh,kw]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(16, 'input channels'),
    h: dimension(14, 'input height'),
    w: dimension(14, 'input width'),
    oc: dimension(16, 'output channels'),
    kh: dimension(3, 'kernel height'),
    kw: dimension(3, 'kernel width'),
    stride: integer(2, 'distance of neighbouring pixels in the output, both directions', { min: 1 }),
    pad: integer(1, 'rows and columns taken off the output on each side'),
    dilation: integer(1, 'distance between kernel taps, both directions', { min: 1 }),
    output_pad: integer(0, 'rows and columns added to the output at its end; below stride or dilation'),
  },
  check: (p) => {
    if (p.output_pad > 0 && p.output_pad >= p.stride && p.output_pad >= p.dilation) {
      return refuse(
        'output-pad-too-large',
        () => `output_pad=${p.output_pad} must be below stride=${p.stride} or dilation=${p.dilation}`,
      );
    }
    for (const [size, taps] of [
      ['h', 'kh'],
      ['w', 'kw'],
    ] as const) {
      const extent = spreadExtent(p[size], p[taps], p);
      if (extent >= 1) continue;
      return refuse(
        'empty-output',
        () =>
          `the output is empty: pad=${p.pad} takes ${2 * p.pad} off ${extent + 2 * p.pad} made of ${size}=${p[size]}`,
      );
    }
    return null;
  },
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const W = input('W', [p.c, p.oc, p.kh, p.kw], dtype);
    const [oh, ow] = [spreadExtent(p.h, p.kh, p), spreadExtent(p.w, p.kw, p)];
    const [tall, wide] = [p.dilation * (p.kh - 1), p.dilation * (p.kw - 1)];
    // Where pixel 0 lies among the zeros; outside when more is taken off than the kernel reaches over.
    const [top, left] = [tall - p.pad, wide - p.pad];
    const pixels = (at: Index, start: number, size: number) => {
      // The remainder is taken of what is never negative: some strides more.
      const strides = Math.max(0, Math.ceil(start / p.stride));
      const phase = mod(add(at, strides * p.stride - start), p.stride);
      return [ge(at, start), lt(at, start + (size - 1) * p.stride + 1), eq(phase, 0)] as const;
    };
    const spread = compute(
      'spread',
      { n: p.n, c: p.c, y: oh + tall, x: ow + wide },
      ({ n, c, y, x }) =>
        select(
          and(...pixels(y, top, p.h), ...pixels(x, left, p.w)),
          X.at(n, c, floorDiv(sub(y, top), p.stride), floorDiv(sub(x, left), p.stride)),
          0,
        ),
      { stage: 'insert_zeros' },
    );
    const ic = reductionAxis('ic', p.c);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const Y = compute(
      'Y',
      { n: p.n, oc: p.oc, oh, ow },
      ({ n, oc, oh: y, ow: x }) =>
        sumOver(
          mul(
            spread.at(n, ic, add(y, mul(kh, p.dilation)), add(x, mul(kw, p.dilation))),
            W.at(ic, oc, sub(p.kh - 1, kh), sub(p.kw - 1, kw)),
          ),
          [ic, kh, kw],
        ),
      { stage: 'conv_transpose' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const [oh, ow] = [spreadExtent(p.h, p.kh, p), spreadExtent(p.w, p.kw, p)];
    return {
      Y: (flat) => {
        const x = flat % ow;
        const y = Math.floor(flat / ow) % oh;
        const oc = Math.floor(flat / (ow * oh)) % p.oc;
        const n = Math.floor(flat / (ow * oh * p.oc));
        let total = 0;
        // Pixel (row, column) adds W[ky, kx] at row * stride + ky * dilation - pad: look for those that come out here.
        for (let ky = 0; ky < p.kh; ky++) {
          const row = (y + p.pad - ky * p.dilation) / p.stride;
          if (!Number.isInteger(row) || row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = (x + p.pad - kx * p.dilation) / p.stride;
            if (!Number.isInteger(column) || column < 0 || column >= p.w) continue;
            for (let c = 0; c < p.c; c++) {
              const pixel = X?.[((n * p.c + c) * p.h + row) * p.w + column] ?? Number.NaN;
              total += pixel * (W?.[((c * p.oc + oc) * p.kh + ky) * p.kw + kx] ?? Number.NaN);
            }
          }
        }
        return total;
      },
    };
  },
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(dtype, p.c * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: () => [1],
});
