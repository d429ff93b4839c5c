import { isRefusal } from '../support/refusal.ts';
import { autoPad, autoPadExample, paddingOf, sameTotal } from './auto-pad.ts';
import { channelGroups, groupsDivide } from './channel-groups.ts';
import { defineOperator, dimension, integer, optional } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, emptyAlong, outputExtent, padded, type Windows } from './window.ts';

interface Line {
  readonly l: number;
  readonly k: number;
  readonly stride: number;
  readonly pad: number;
  readonly pad_right: number;
  readonly dilation: number;
}
const windowsOf = ({ l, k, stride, pad, pad_right, dilation }: Line): Windows => ({
  ...{ size: l, taps: k, stride, dilation },
  ...{ before: pad, after: pad_right === -1 ? pad : pad_right },
});

/** One-dimensional convolution (cross-correlation) over the last dimension, channels in the middle. */
defineOperator({
  name: 'conv1d',
  summary: '1-D convolution Y[n,oc,ol] of X[n,c,l] with W[oc,c/groups,k]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(32, 'input channels'),
    l: dimension(128, 'input length'),
    oc: dimension(32, 'output channels'),
    k: dimension(3, 'kernel length'),
    stride: integer(1, 'step between windows', { min: 1 }),
    pad: integer(1, 'zeros added on each side'),
    dilation: integer(1, 'distance between kernel taps', { min: 1 }),
    pad_right: optional(integer(-1, 'zeros added at the end, where they are others; -1: as pad', { min: -1 })),
    groups: optional(dimension(1, 'independent channel groups; divides c and oc')),
  },
  attributes: autoPad,
  writeOut: (p, a, given) => {
    const ends = paddingOf(a.auto_pad, [sameTotal(windowsOf(p))], { given, pads: ['pad', 'pad_right'] });
    if (isRefusal(ends)) return ends;
    const attributes = { auto_pad: 'NOTSET' };
    const [line] = ends ?? [];
    if (line === undefined) return { attributes };
    return { attributes, params: { pad: line.before, pad_right: line.after === line.before ? -1 : line.after } };
  },
  examples: [autoPadExample],
  check: (p) => groupsDivide(p) ?? emptyAlong(windowsOf(p), { size: 'l', taps: 'k' }),
  build: (p, _, dtype) => {
    const groups = channelGroups(p.groups);
    const x = windowsOf(p);
    const channels = p.c / p.groups;
    const X = input('X', [p.n, ...groups.of(p.c), p.l], dtype);
    const W = input('W', [...groups.of(p.oc), channels, p.k], dtype);
    const line = padded(X, ['n', ...groups.named('c'), 'x'], { x });
    const ic = reductionAxis('ic', channels);
    const k = reductionAxis('k', p.k);
    const Y = compute(
      'Y',
      { n: p.n, ...groups.axis, oc: p.oc / p.groups, ol: outputExtent(x) },
      ({ n, g, oc, ol }) =>
        sumOver(mul(line.at(n, ...groups.at(g), ic, alongWindow(ol, k, x)), W.at(...groups.at(g), oc, ic, k)), [ic, k]),
      { stage: 'conv1d' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const along = windowsOf(p);
    const ol = outputExtent(along);
    const channels = p.c / p.groups;
    return {
      Y: (flat) => {
        const x = flat % ol;
        const oc = Math.floor(flat / ol) % p.oc;
        const n = Math.floor(flat / (ol * p.oc));
        const first = Math.floor(oc / (p.oc / p.groups)) * channels;
        let total = 0;
        for (let k = 0; k < p.k; k++) {
          const at = elementUnder(x, k, along);
          if (at < 0 || at >= p.l) continue;
          for (let c = 0; c < channels; c++) {
            const element = X?.[(n * p.c + first + c) * p.l + at] ?? Number.NaN;
            total += element * (W?.[(oc * channels + c) * p.k + k] ?? Number.NaN);
          }
        }
        return total;
      },
    };
  },
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, (p.c / p.groups) * p.k, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: (p) => (p.groups > 1 ? [1, 2] : [1]),
});
