import { autoPad, autoPadExample } from './auto-pad.ts';
import { channelGroups, groupsDivide } from './channel-groups.ts';
import { defineOperator, dimension, optional } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { convolutionWindow, emptyImage, imageWindows, perDirection, writeOutImagePadding } from './image-window.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, padded } from './window.ts';

/** Two-dimensional convolution with channels last, weights as TensorFlow keeps them. It is an operator of its own because every index differs. */
defineOperator({
  name: 'conv2d_nhwc',
  summary: '2-D convolution, channels last: Y[n,oh,ow,oc] of X[n,h,w,c] with W[kh,kw,c/groups,oc]',
  parameters: {
    n: dimension(1, 'batch'),
    h: dimension(28, 'input height'),
    w: dimension(28, 'input width'),
    c: dimension(16, 'input channels'),
    oc: dimension(32, 'output channels'),
    ...convolutionWindow,
    ...perDirection,
    groups: optional(dimension(1, 'independent channel groups; divides c and oc')),
  },
  attributes: autoPad,
  writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
  examples: [autoPadExample, { says: 'in groups of channels', shape: 'c=32,oc=64,groups=4' }],
  check: (p) => groupsDivide(p) ?? emptyImage(p),
  build: (p, _, dtype) => {
    const groups = channelGroups(p.groups);
    const X = input('X', [p.n, p.h, p.w, ...groups.of(p.c)], dtype);
    const W = input('W', [p.kh, p.kw, p.c / p.groups, ...groups.of(p.oc)], dtype);
    const { y, x, oh, ow } = imageWindows(p);
    const image = padded(X, ['n', 'y', 'x', ...groups.named('c')], { y, x });
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const ic = reductionAxis('ic', p.c / p.groups);
    const Y = compute(
      'Y',
      { n: p.n, oh, ow, ...groups.axis, oc: p.oc / p.groups },
      ({ n, oh: row, ow: column, g, oc }) =>
        sumOver(
          mul(
            image.at(n, alongWindow(row, kh, y), alongWindow(column, kw, x), ...groups.at(g), ic),
            W.at(kh, kw, ic, ...groups.at(g), oc),
          ),
          [kh, kw, ic],
        ),
      { stage: 'conv2d' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const { y, x, oh, ow } = imageWindows(p);
    const channels = p.c / p.groups;
    return {
      Y: (flat) => {
        const oc = flat % p.oc;
        const right = Math.floor(flat / p.oc) % ow;
        const down = Math.floor(flat / (p.oc * ow)) % oh;
        const n = Math.floor(flat / (p.oc * ow * oh));
        const first = Math.floor(oc / (p.oc / p.groups)) * channels;
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = elementUnder(down, ky, y);
          if (row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = elementUnder(right, kx, x);
            if (column < 0 || column >= p.w) continue;
            for (let c = 0; c < channels; c++) {
              const pixel = X?.[((n * p.h + row) * p.w + column) * p.c + first + c] ?? Number.NaN;
              total += pixel * (W?.[((ky * p.kw + kx) * channels + c) * p.oc + oc] ?? Number.NaN);
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
  channels: (p) => (p.groups > 1 ? [3, 4] : [3]),
});
