import { refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { defineOperator, dimension, integer, option } from './define.ts';
import { cast, mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { input, program } from './tensor.ts';
import { alongWindow, emptyAlong, outputExtent, padded } from './window.ts';

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
    accumulate_f32: option('f16: sums are kept in f32 and rounded once'),
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
    const names = grouped ? ['n', 'g', 'c', 'y', 'x'] : ['n', 'c', 'y', 'x'];
    const image = p.pad === 0 ? X : padded(X, names, { y: p.pad, x: p.pad });
    const sums = p.accumulate_f32 ? 'f32' : dtype;
    const ic = reductionAxis('ic', channels);
    const kh = reductionAxis('kh', p.kh);
    const kw = reductionAxis('kw', p.kw);
    const options = { stage: 'conv2d', dtype };
    const Y = grouped
      ? accumulate(
          'Y',
          { n: p.n, g: p.groups, oc: outputs, oh, ow },
          ({ n, g, oc, oh: y, ow: x }) =>
            sumOver(
              mul(
                cast(sums, image.at(n, g, ic, alongWindow(y, kh, p), alongWindow(x, kw, p))),
                cast(sums, W.at(g, oc, ic, kh, kw)),
              ),
              [ic, kh, kw],
            ),
          options,
        )
      : accumulate(
          'Y',
          { n: p.n, oc: outputs, oh, ow },
          ({ n, oc, oh: y, ow: x }) =>
            sumOver(
              mul(
                cast(sums, image.at(n, ic, alongWindow(y, kh, p), alongWindow(x, kw, p))),
                cast(sums, W.at(oc, ic, kh, kw)),
              ),
              [ic, kh, kw],
            ),
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
    const fill = exactIntegers(p.accumulate_f32 ? 'f32' : dtype, (p.c / p.groups) * p.kh * p.kw, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: (p) => (p.groups > 1 ? [1, 2] : [1]),
});
