import { refuse } from '../support/refusal.ts';
import { channelGroups, groupsDivide } from './channel-groups.ts';
import { defineOperator, dimension, integer, optional } from './define.ts';
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
import { type ImageWindowParameters, imageWindows, perDirection } from './image-window.ts';
import { compute, input, program } from './tensor.ts';
import type { Windows } from './window.ts';

/** Pixels of an image along a dimension, spread out, under a kernel turned about. */
interface Spread extends Windows {
  readonly dilation: number;
  readonly outputPad: number;
}

/** Output positions along a dimension: what a convolution with the same numbers would have made `size` of. */
function spreadExtent({ size, taps, stride, dilation, before, after, outputPad }: Spread): number {
  return (size - 1) * stride + dilation * (taps - 1) + 1 + outputPad - before - after;
}

function spreads(
  p: ImageWindowParameters & { readonly dilation: number; readonly output_pad: number; readonly output_pad_w: number },
): { readonly y: Spread; readonly x: Spread; readonly oh: number; readonly ow: number } {
  const { y, x } = imageWindows(p);
  const down = { ...y, dilation: p.dilation, outputPad: p.output_pad };
  const across = {
    ...{ ...x, dilation: x.dilation ?? 1 },
    outputPad: p.output_pad_w === -1 ? p.output_pad : p.output_pad_w,
  };
  return { y: down, x: across, oh: spreadExtent(down), ow: spreadExtent(across) };
}

/**
 * Transposed convolution as a convolution: zeros between the pixels and around them (a stage of its own, which schedules inline),
 * then a plain convolution, stride 1, with the kernel turned about.
 */
export const convTranspose2d = defineOperator({
  name: 'conv_transpose2d',
  summary: 'transposed 2-D convolution Y[n,oc,oh,ow] of X[n,c,h,w] with W[c,oc/groups,kh,kw]',
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
    ...perDirection,
    output_pad_w: optional(
      integer(-1, 'columns added at the end, where they are others; -1: as output_pad', { min: -1 }),
    ),
    groups: optional(dimension(1, 'independent channel groups; divides c and oc')),
  },
  check: (p) => {
    const { y, x, oh, ow } = spreads(p);
    for (const { outputPad, stride, dilation } of [y, x]) {
      if (outputPad === 0 || outputPad < stride || outputPad < dilation) continue;
      return refuse(
        'output-pad-too-large',
        () => `output_pad=${outputPad} must be below stride=${stride} or dilation=${dilation}`,
      );
    }
    for (const [name, along, extent] of [
      ['h', y, oh],
      ['w', x, ow],
    ] as const) {
      if (extent >= 1) continue;
      const { size, before, after } = along;
      return refuse(
        'empty-output',
        () =>
          `the output is empty: ${before === after ? `pad=${before} takes` : 'padding takes'} ${before + after} off ${extent + before + after} made of ${name}=${size}`,
      );
    }
    return groupsDivide(p);
  },
  build: (p, _, dtype) => {
    const groups = channelGroups(p.groups);
    const { y, x, oh, ow } = spreads(p);
    const X = input('X', [p.n, ...groups.of(p.c), p.h, p.w], dtype);
    const W = input('W', [...groups.of(p.c), p.oc / p.groups, p.kh, p.kw], dtype);
    const reach = ({ dilation, taps }: Spread): number => dilation * (taps - 1);
    // Where pixel 0 lies among the zeros; outside when more is taken off than the kernel reaches over.
    const first = (along: Spread): number => reach(along) - along.before;
    const pixel = (at: Index, along: Spread) => {
      const { size, stride } = along;
      const start = first(along);
      // The remainder is taken of what is never negative: some strides more.
      const strides = Math.max(0, Math.ceil(start / stride));
      const phase = mod(add(at, strides * stride - start), stride);
      return {
        there: [ge(at, start), lt(at, start + (size - 1) * stride + 1), eq(phase, 0)] as const,
        index: floorDiv(sub(at, start), stride),
      };
    };
    const spread = compute(
      'spread',
      { n: p.n, ...groups.axis, c: p.c / p.groups, y: oh + reach(y), x: ow + reach(x) },
      ({ n, g, c, y: row, x: column }) => {
        const [down, across] = [pixel(row, y), pixel(column, x)];
        return select(and(...down.there, ...across.there), X.at(n, ...groups.at(g), c, down.index, across.index), 0);
      },
      { stage: 'insert_zeros' },
    );
    const ic = reductionAxis('ic', p.c / p.groups);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const Y = compute(
      'Y',
      { n: p.n, ...groups.axis, oc: p.oc / p.groups, oh, ow },
      ({ n, g, oc, oh: row, ow: column }) =>
        sumOver(
          mul(
            spread.at(n, ...groups.at(g), ic, add(row, mul(kh, y.dilation)), add(column, mul(kw, x.dilation))),
            W.at(...groups.at(g), ic, oc, sub(p.kh - 1, kh), sub(p.kw - 1, kw)),
          ),
          [ic, kh, kw],
        ),
      { stage: 'conv_transpose' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const { y, x, oh, ow } = spreads(p);
    const [channels, outputs] = [p.c / p.groups, p.oc / p.groups];
    // Pixel `at` adds tap k at at * stride + k * dilation - before: which pixel comes out here.
    const source = (at: number, tap: number, { before, dilation, stride }: Spread): number =>
      (at + before - tap * dilation) / stride;
    return {
      Y: (flat) => {
        const right = flat % ow;
        const down = Math.floor(flat / ow) % oh;
        const oc = Math.floor(flat / (ow * oh)) % p.oc;
        const n = Math.floor(flat / (ow * oh * p.oc));
        const first = Math.floor(oc / outputs) * channels;
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = source(down, ky, y);
          if (!Number.isInteger(row) || row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = source(right, kx, x);
            if (!Number.isInteger(column) || column < 0 || column >= p.w) continue;
            for (let c = first; c < first + channels; c++) {
              const pixel = X?.[((n * p.c + c) * p.h + row) * p.w + column] ?? Number.NaN;
              total += pixel * (W?.[((c * outputs + (oc % outputs)) * p.kh + ky) * p.kw + kx] ?? Number.NaN);
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
  channels: (p) => (p.groups > 1 ? [1, 2] : [1]),
});
