import { defineOperator, dimension, integer } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, emptyAlong, outputExtent, padded } from './window.ts';

/** One-dimensional convolution (cross-correlation) over the last dimension, channels in the middle. */
export const conv1d = defineOperator({
  name: 'conv1d',
  summary: '1-D convolution Y[n,oc,ol] of X[n,c,l] with W[oc,c,k]',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(32, 'input channels'),
    l: dimension(128, 'input length'),
    oc: dimension(32, 'output channels'),
    k: dimension(3, 'kernel length'),
    stride: integer(1, 'step between windows', { min: 1 }),
    pad: integer(1, 'zeros added on each side'),
    dilation: integer(1, 'distance between kernel taps', { min: 1 }),
  },
  check: (p) => emptyAlong(p, { size: 'l', taps: 'k' }),
  build: (p, _, dtype) => {
    const X = input('X', [p.n, p.c, p.l], dtype);
    const W = input('W', [p.oc, p.c, p.k], dtype);
    const line = p.pad === 0 ? X : padded(X, ['n', 'c', 'x'], { x: p.pad });
    const ic = reductionAxis('ic', p.c);
    const k = reductionAxis('k', p.k);
    const Y = compute(
      'Y',
      { n: p.n, oc: p.oc, ol: outputExtent(p.l, p.k, p) },
      ({ n, oc, ol }) => sumOver(mul(line.at(n, ic, alongWindow(ol, k, p)), W.at(oc, ic, k)), [ic, k]),
      { stage: 'conv1d' },
    );
    return program([X, W], [Y]);
  },
  reference: (p, _, { X, W }) => {
    const ol = outputExtent(p.l, p.k, p);
    return {
      Y: (flat) => {
        const x = flat % ol;
        const oc = Math.floor(flat / ol) % p.oc;
        const n = Math.floor(flat / (ol * p.oc));
        let total = 0;
        for (let k = 0; k < p.k; k++) {
          const at = x * p.stride - p.pad + k * p.dilation;
          if (at < 0 || at >= p.l) continue;
          for (let c = 0; c < p.c; c++) {
            total += (X?.[(n * p.c + c) * p.l + at] ?? Number.NaN) * (W?.[(oc * p.c + c) * p.k + k] ?? Number.NaN);
          }
        }
        return total;
      },
    };
  },
  inputs: (p, _, dtype) => {
    const fill = exactIntegers(dtype, p.c * p.k, 2);
    return { X: fill, W: fill };
  },
  tolerance: () => exact,
  channels: () => [1],
});
