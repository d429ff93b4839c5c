import { autoPad, autoPadExample } from './auto-pad.ts';
import { channelGroups, groupsDivide } from './channel-groups.ts';
import { defineOperator, dimension } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { convolutionWindow, emptyImage, imageWindows, perDirection, writeOutImagePadding } from './image-window.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, padded } from './window.ts';

/** Two-dimensional convolution (cross-correlation, as in neural networks) in NCHW. */
defineOperator({
  name: 'conv2d',
  summary: '2-D convolution Y[n,oc,oh,ow] of X[n,c,h,w] with W[oc,c/groups,kh,kw]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(16, 'input channels'),
    h: dimension(28, 'input height'),
    w: dimension(28, 'input width'),
    oc: dimension(32, 'output channels'),
    ...convolutionWindow,
    groups: dimension(1, 'independent channel groups; divides c and oc'),
    ...perDirection,
  },
  attributes: autoPad,
  writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
  examples: [autoPadExample],
  check: (p) => groupsDivide(p) ?? emptyImage(p),
  build: (p, _, dtype) => {
    const groups = channelGroups(p.groups);
    const { y, x, oh, ow } = imageWindows(p);
    const channels = p.c / p.groups;
    const X = input('X', [p.n, ...groups.of(p.c), p.h, p.w], dtype);
    const W = input('W', [...groups.of(p.oc), channels, p.kh, p.kw], dtype);
    const image = padded(X, ['n', ...groups.named('c'), 'y', 'x'], { y, x });
    const ic = reductionAxis('ic', channels);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const Y = compute(
      'Y',
      { n: p.n, ...groups.axis, oc: p.oc / p.groups, oh, ow },
      ({ n, g, oc, oh: row, ow: column }) =>
        sumOver(
          mul(
            image.at(n, ...groups.at(g), ic, alongWindow(row, kh, y), alongWindow(column, kw, x)),
            W.at(...groups.at(g), oc, ic, kh, kw),
          ),
          [ic, kh, kw],
        ),
      { stage: 'conv2d' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const { y, x, oh, ow } = imageWindows(p);
    const [channels, outputs] = [p.c / p.groups, p.oc / p.groups];
    return {
      Y: (flat) => {
        const right = flat % ow;
        const down = Math.floor(flat / ow) % oh;
        const oc = Math.floor(flat / (ow * oh)) % p.oc;
        const n = Math.floor(flat / (ow * oh * p.oc));
        const firstChannel = Math.floor(oc / outputs) * channels;
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = elementUnder(down, ky, y);
          if (row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = elementUnder(right, kx, x);
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
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, (p.c / p.groups) * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: (p) => (p.groups > 1 ? [1, 2] : [1]),
});
