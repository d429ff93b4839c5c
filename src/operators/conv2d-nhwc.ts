import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, integer, option } from './define.ts';
import { cast, mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { input, program } from './tensor.ts';
import { alongWindow, emptyAlong, outputExtent, padded } from './window.ts';

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
    kh: dimension(3, 'kernel height'),
    kw: dimension(3, 'kernel width'),
    stride: integer(1, 'step between windows, both directions', { min: 1 }),
    pad: integer(1, 'zeros added on each side, both directions'),
    dilation: integer(1, 'distance between kernel taps, both directions', { min: 1 }),
    accumulate_f32: option('f16: sums are kept in f32 and rounded once'),
  },
  check: (p) => emptyAlong(p, { size: 'h', taps: 'kh' }) ?? emptyAlong(p, { size: 'w', taps: 'kw' }),
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.h, p.w, p.c], dtype);
    const W = input('W', [p.kh, p.kw, p.c, p.oc], dtype);
    const image = p.pad === 0 ? X : padded(X, ['n', 'y', 'x', 'c'], { y: p.pad, x: p.pad });
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const ic = reductionAxis('ic', p.c);
    const sums = p.accumulate_f32 ? 'f32' : dtype;
    const Y = accumulate(
      'Y',
      { n: p.n, oh: outputExtent(p.h, p.kh, p), ow: outputExtent(p.w, p.kw, p), oc: p.oc },
      ({ n, oh, ow, oc }) =>
        sumOver(
          mul(
            cast(sums, image.at(n, alongWindow(oh, kh, p), alongWindow(ow, kw, p), ic)),
            cast(sums, W.at(kh, kw, ic, oc)),
          ),
          [kh, kw, ic],
        ),
      { stage: 'conv2d', dtype },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const [oh, ow] = [outputExtent(p.h, p.kh, p), outputExtent(p.w, p.kw, p)];
    return {
      Y: (flat) => {
        const oc = flat % p.oc;
        const x = Math.floor(flat / p.oc) % ow;
        const y = Math.floor(flat / (p.oc * ow)) % oh;
        const n = Math.floor(flat / (p.oc * ow * oh));
        let total = 0;
        for (let ky = 0; ky < p.kh; ky++) {
          const row = y * p.stride - p.pad + ky * p.dilation;
          if (row < 0 || row >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const column = x * p.stride - p.pad + kx * p.dilation;
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
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(p.accumulate_f32 ? 'f32' : dtype, p.c * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
});
