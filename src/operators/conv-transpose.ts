import { isRefusal, refuse } from '../support/refusal.ts';
import { autoPad } from './auto-pad.ts';
import { type ChannelGroups, channelGroups, groupsDivide } from './channel-groups.ts';
import { defineOperator, dimension, integer, optional } from './define.ts';
import type { Index, Reduction, Tensor } from './definition.ts';
import { add, mul, reductionAxis, sub, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { type ImageWindowParameters, imageWindows, perDirection, writeOutImagePadding } from './image-window.ts';
import { phasesOf, type Spread, surround, where, within } from './phases.ts';
import { compute, input, program } from './tensor.ts';

/** A Spread, with the positions that are taken off and added at the end. */
interface Ends extends Spread {
  readonly after: number;
  readonly outputPad: number;
}

/** Output positions along a dimension: so many that a convolution with the same numbers would make `size` of them. */
function spreadExtent({ size, taps, stride, dilation, before, after, outputPad }: Ends): number {
  return (size - 1) * stride + dilation * (taps - 1) + 1 + outputPad - before - after;
}

function spreads(
  p: ImageWindowParameters & { readonly dilation: number; readonly output_pad: number; readonly output_pad_w: number },
): { readonly y: Ends; readonly x: Ends; readonly oh: number; readonly ow: number } {
  const { y, x } = imageWindows(p);
  const down = { ...y, dilation: p.dilation, outputPad: p.output_pad };
  const across = {
    ...{ ...x, dilation: x.dilation ?? 1 },
    outputPad: p.output_pad_w === -1 ? p.output_pad : p.output_pad_w,
  };
  return { y: down, x: across, oh: spreadExtent(down), ow: spreadExtent(across) };
}

/**
 * Transposed convolution without zeros between the pixels. The output falls into phases (see phases.ts): each is a plain convolution of stride 1
 * with a part of the taps, and all have one shape, so that they are one stage with the phases as axes. A second stage interleaves them;
 * with stride 1 there is one phase and nothing to interleave.
 */
defineOperator({
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
  attributes: autoPad,
  // SAME makes the output `stride` times as long as the input: padding takes off what is too much, output_pad adds what is missing.
  writeOut: (p, a, given) => {
    const { y, x } = spreads({ ...p, pad: 0, pad_left: -1, pad_bottom: -1, pad_right: -1 });
    const [down, across] = [y, x].map((along) => spreadExtent(along) - along.size * along.stride) as [number, number];
    const written = writeOutImagePadding(p, a.auto_pad, given, [Math.max(0, down), Math.max(0, across)]);
    if (isRefusal(written) || written.params === undefined || a.auto_pad.trim().toUpperCase() === 'VALID')
      return written;
    const [output_pad, right] = [y.outputPad + Math.max(0, -down), x.outputPad + Math.max(0, -across)];
    return { ...written, params: { ...written.params, output_pad, output_pad_w: right === output_pad ? -1 : right } };
  },
  examples: [
    {
      says: 'an output of stride times the input',
      shape: 'kh=3,kw=3,stride=2',
      attributes: { auto_pad: 'SAME_UPPER' },
    },
  ],
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
    const [down, across] = [phasesOf(y, oh), phasesOf(x, ow)];
    const [rows, columns] = [surround(down), surround(across)];
    const image = surrounded(X, groups, { y: { ...rows, size: p.h }, x: { ...columns, size: p.w } });
    const kernel = filledUp(W, groups, { kh: down.taps * down.phases, kw: across.taps * across.phases });
    const ic = reductionAxis('ic', p.c / p.groups);
    const kh = reductionAxis('kh', down.taps);
    const kw = reductionAxis('kw', across.taps);
    const onePhase = y.stride * x.stride === 1;
    const lastTap = { down: (down.taps - 1) * down.pixelStep, across: (across.taps - 1) * across.pixelStep };
    /** The sum at a place of a phase; the image begins `lastTap` before the first pixel that place 0 sees. */
    const sumAt = (
      { n, g, oc }: { readonly n: Index; readonly g?: Index; readonly oc: Index },
      place: { readonly down: Index; readonly across: Index },
      tap: { readonly down: Index; readonly across: Index },
    ): Reduction =>
      sumOver(
        mul(
          image.at(
            ...[n, ...groups.at(g), ic],
            sub(add(place.down, lastTap.down), mul(kh, down.pixelStep)),
            sub(add(place.across, lastTap.across), mul(kw, across.pixelStep)),
          ),
          kernel.at(...groups.at(g), ic, oc, tap.down, tap.across),
        ),
        [ic, kh, kw],
      );
    const outer = { n: p.n, ...groups.axis, oc: p.oc / p.groups };
    if (onePhase) {
      const Y = compute(
        'Y',
        { ...outer, oh, ow },
        (index) => sumAt(index, { down: index.oh, across: index.ow }, { down: kh, across: kw }),
        { stage: 'conv_transpose' },
      );
      return program([X, W], [Y]);
    }
    const sums = compute(
      'phases',
      { ...outer, ph: down.phases, pw: across.phases, vh: down.places, vw: across.places },
      (index) =>
        sumAt(
          index,
          { down: index.vh, across: index.vw },
          { down: add(mul(kh, down.phases), index.ph), across: add(mul(kw, across.phases), index.pw) },
        ),
      { stage: 'conv_transpose' },
    );
    const Y = compute(
      'Y',
      { ...outer, oh, ow },
      ({ n, g, oc, oh: row, ow: column }) =>
        where(
          [...down.seen(row), ...across.seen(column)],
          sums.at(
            ...[n, ...groups.at(g), oc, down.phase(row), across.phase(column)],
            ...[down.place(row), across.place(column)],
          ),
        ),
      { stage: 'interleave' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const { y, x, oh, ow } = spreads(p);
    const [channels, outputs] = [p.c / p.groups, p.oc / p.groups];
    // Pixel i adds tap k at i * stride + k * dilation - before; solved for the pixel that adds `tap` at `at`.
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
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, (p.c / p.groups) * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: (p) => (p.groups > 1 ? [1, 2] : [1]),
});

/** An image with zeros around it, without the pixels that no phase sees: a stage that schedules inline. */
function surrounded(
  X: Tensor,
  groups: ChannelGroups,
  {
    y,
    x,
  }: { readonly [axis in 'y' | 'x']: { readonly first: number; readonly extent: number; readonly size: number } },
): Tensor {
  const isPart = ({ first, extent, size }: typeof y): boolean => first === 0 && extent <= size;
  if (isPart(y) && isPart(x)) return X;
  const [n, c] = [X.shape[0] as number, X.shape.at(-3) as number];
  return compute(
    'image',
    { n, ...groups.axis, c, y: y.extent, x: x.extent },
    (index) => {
      const [row, column] = [add(index.y, y.first), add(index.x, x.first)];
      const inside = [...within(row, y.first, y.extent, y.size), ...within(column, x.first, x.extent, x.size)];
      return where(inside, X.at(index.n, ...groups.at(index.g), index.c, row, column));
    },
    { stage: 'pad' },
  );
}

/** A kernel with zeros for the taps that some phases lack: a stage that schedules inline. */
function filledUp(W: Tensor, groups: ChannelGroups, extents: { readonly kh: number; readonly kw: number }): Tensor {
  const [c, oc, height, width] = W.shape.slice(-4) as [number, number, number, number];
  if (extents.kh === height && extents.kw === width) return W;
  return compute(
    'kernel',
    { ...groups.axis, c, oc, ...extents },
    (index) => {
      const inside = [...within(index.kh, 0, extents.kh, height), ...within(index.kw, 0, extents.kw, width)];
      return where(inside, W.at(...groups.at(index.g), index.c, index.oc, index.kh, index.kw));
    },
    { stage: 'pad_taps' },
  );
}
