import { autoPad, autoPadExample } from './auto-pad.ts';
import { defineOperator, dimension } from './define.ts';
import { mul, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { convolutionWindow, emptyImage, imageWindows, perDirection, writeOutImagePadding } from './image-window.ts';
import type { Operator } from './operator.ts';
import { compute, input, program } from './tensor.ts';
import { alongWindow, elementUnder, padded } from './window.ts';

/** Every channel is convolved with a kernel of its own: a convolution with as many groups as channels, without the group axes. */
function defineDepthwise(layout: 'nchw' | 'nhwc'): Operator {
  const first = layout === 'nchw';
  return defineOperator({
    name: first ? 'depthwise_conv2d' : 'depthwise_conv2d_nhwc',
    summary: first
      ? 'depthwise 2-D convolution Y[n,c,oh,ow] of X[n,c,h,w] with W[c,kh,kw]'
      : 'depthwise 2-D convolution, channels last: Y[n,oh,ow,c] of X[n,h,w,c] with W[kh,kw,c]',
    parameters: {
      n: dimension(1, 'batch'),
      c: dimension(32, 'channels'),
      h: dimension(28, 'input height'),
      w: dimension(28, 'input width'),
      ...convolutionWindow,
      ...perDirection,
    },
    attributes: autoPad,
    writeOut: (p, a, given) => writeOutImagePadding(p, a.auto_pad, given),
    examples: [autoPadExample],
    check: emptyImage,
    build: (p, _, dtype) => {
      const X = input('X', first ? [p.n, p.c, p.h, p.w] : [p.n, p.h, p.w, p.c], dtype);
      const W = input('W', first ? [p.c, p.kh, p.kw] : [p.kh, p.kw, p.c], dtype);
      const names = first ? ['n', 'c', 'y', 'x'] : ['n', 'y', 'x', 'c'];
      const { y, x, oh, ow } = imageWindows(p);
      const image = padded(X, names, { y, x });
      const kh = reductionAxis('kh', p.kh);
      const kw = reductionAxis('kw', p.kw);
      const options = { stage: 'depthwise' };
      const Y = first
        ? compute(
            'Y',
            { n: p.n, c: p.c, oh, ow },
            ({ n, c, oh: row, ow: column }) =>
              sumOver(mul(image.at(n, c, alongWindow(row, kh, y), alongWindow(column, kw, x)), W.at(c, kh, kw)), [
                kh,
                kw,
              ]),
            options,
          )
        : compute(
            'Y',
            { n: p.n, oh, ow, c: p.c },
            ({ n, c, oh: row, ow: column }) =>
              sumOver(mul(image.at(n, alongWindow(row, kh, y), alongWindow(column, kw, x), c), W.at(kh, kw, c)), [
                kh,
                kw,
              ]),
            options,
          );
      return program([X, W], [Y]);
    },
    reference: (p, _, { X, W }) => {
      const { y, x, oh, ow } = imageWindows(p);
      // Distances between neighbours along a channel, a row and a column of X, and along a channel and a tap of W.
      const [xc, xy, xx] = first ? [p.h * p.w, p.w, 1] : [1, p.w * p.c, p.c];
      const [wc, wk] = first ? [p.kh * p.kw, 1] : [1, p.c];
      return {
        Y: (flat) => {
          const places = oh * ow;
          const [c, place] = first
            ? [Math.floor(flat / places) % p.c, flat % places]
            : [flat % p.c, Math.floor(flat / p.c) % places];
          const n = Math.floor(flat / (places * p.c));
          let total = 0;
          for (let tap = 0; tap < p.kh * p.kw; tap++) {
            const row = elementUnder(Math.floor(place / ow), Math.floor(tap / p.kw), y);
            const column = elementUnder(place % ow, tap % p.kw, x);
            if (row < 0 || row >= p.h || column < 0 || column >= p.w) continue;
            const pixel = X?.[n * p.c * p.h * p.w + c * xc + row * xy + column * xx] ?? Number.NaN;
            total += pixel * (W?.[c * wc + tap * wk] ?? Number.NaN);
          }
          return total;
        },
      };
    },
    inputs: (p, _, __, sums) => {
      const fill = exactIntegers(sums, p.kh * p.kw, 2);
      return { X: fill, W: fill };
    },
    tolerance: () => exact,
    channels: () => [first ? 1 : 3],
  });
}

defineDepthwise('nchw');
defineDepthwise('nhwc');
