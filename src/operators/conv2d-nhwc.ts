import { autoPad, autoPadExample } from './auto-pad.ts';
import { defineOperator, dimension } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { convolutionWindow, emptyImage, imageWindows, perDirection, writeOutImagePadding } from './image-window.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, padded } from './window.ts';

/** Two-dimensional convolution with channels last, weights as TensorFlow keeps them; an operator of its own: every index differs. */
export const conv2dNhwc = defineOperator({
  name: 'conv2d_nhwc',
  summary: '2-D convolution, channels last: Y[n,oh,ow,oc] of X[n,h,w,c] with W[kh,kw,c,oc]',
  parameters: {
    n: dimension(1, 'batch'),
    h: dimension(28, 'input height'),
    w: dimension(28, 'input width'),
    c: dimension(16, 'input channels'),
    oc: dimension(32, 'output channels'),
    ...convolutionWindow,
    ...perDirection,
  },
  attributes: autoPad,
  writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
  examples: [autoPadExample],
  check: emptyImage,
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.h, p.w, p.c], dtype);
    const W = input('W', [p.kh, p.kw, p.c, p.oc], dtype);
    const { y, x, oh, ow } = imageWindows(p);
    const image = padded(X, ['n', 'y', 'x', 'c'], { y, x });
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const ic = reductionAxis('ic', p.c);
    const Y = compute(
      'Y',
      { n: p.n, oh, ow, oc: p.oc },
      ({ n, oh: row, ow: column, oc }) =>
        sumOver(mul(image.at(n, alongWindow(row, kh, y), alongWindow(column, kw, x), ic), W.at(kh, kw, ic, oc)), [
          kh,
          kw,
          ic,
        ]),
      { stage: 'conv2d' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const { y, x, oh, ow } = imageWindows(p);
    return {
      Y: (flat) => {
        const oc = flat % p.oc;
        const right = Math.floor(flat / p.oc) % ow;
        const down = Math.floor(flat / (p.oc * ow)) % oh;
        const n = Math.floor(flat / (p.oc * ow * oh));
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = elementUnder(down, ky, y);
          if (row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = elementUnder(right, kx, x);
            if (column < 0 || column >= p.w) continue;
            for (let c = 0; c < p.c; c++) {
              const pixel = X?.[((n * p.h + row) * p.w + column) * p.c + c] ?? Number.NaN;
              total += pixel * (W?.[((ky * p.kw + kx) * p.c + c) * p.oc + oc] ?? Number.NaN);
            }
          }
        }
        return total;
      },
    };
  },
  inputs: (p, _, __, sums) => {
    const fill = exactIntegers(sums, p.c * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
});
