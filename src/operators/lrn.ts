import { type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { attribute, defineOperator, dimension } from './define.ts';
import { add, cast, exp, log, mul, reductionAxis, sumOver } from './expression.ts';
import { reals } from './fill.ts';
import { input, program } from './tensor.ts';
import { alongWindow, padded, type Windows } from './window.ts';

interface Texts {
  readonly alpha: string;
  readonly beta: string;
  readonly bias: string;
}

/** Windows along the channels: an even size reaches one channel further up than down, as ONNX has it. */
function windowOf({ c, size }: { readonly c: number; readonly size: number }): Windows {
  const before = Math.floor((size - 1) / 2);
  return { size: c, taps: size, stride: 1, before, after: size - 1 - before };
}

interface Range {
  readonly usual: string;
  readonly allows: (value: number) => boolean;
  readonly inWords: string;
}

const aboveZero = (most: number): Omit<Range, 'usual'> => ({
  allows: (value) => value > 0 && value <= most,
  inWords: `above 0 and at most ${most}`,
});
const ranges: Readonly<Record<keyof Texts, Range>> = {
  alpha: { usual: '1e-4', allows: (value) => value >= 0 && value <= 1000, inWords: 'from 0 to 1000' },
  beta: { usual: '0.75', ...aboveZero(16) },
  bias: { usual: '1', ...aboveZero(1000) },
};

function check(texts: Texts): Refusal | null {
  for (const name of ['alpha', 'beta', 'bias'] as const) {
    const { usual, allows, inWords } = ranges[name];
    const text = texts[name];
    if (text.trim() !== '' && allows(Number(text))) continue;
    return refuse('bad-number', () => `${name}="${text}" must be a number ${inWords}, e.g. ${name}=${usual}`);
  }
  return null;
}

/**
 * Y = X / (bias + alpha / size * sum of X squared over `size` channels around) ^ beta, in f32 whatever the dtype (Krizhevsky, Sutskever and
 * Hinton, 2012; ONNX's LRN). Height and width are one axis in the program.
 */
defineOperator({
  name: 'lrn',
  summary: 'local response normalisation of X[n,c,h,w] over neighbouring channels',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(32, 'channels'),
    h: dimension(28, 'height'),
    w: dimension(28, 'width'),
    size: dimension(5, 'channels of a window, the own one in its middle', { max: 2 ** 16 }),
  },
  attributes: {
    alpha: attribute(ranges.alpha.usual, `scale of the mean square, ${ranges.alpha.inWords}`),
    beta: attribute(ranges.beta.usual, `exponent, ${ranges.beta.inWords}`),
    bias: attribute(ranges.bias.usual, `added before the power is taken, ${ranges.bias.inWords}`),
  },
  check: (_, texts) => check(texts),
  build: (p, { alpha, beta, bias }, dtype) => {
    const pixels = p.h * p.w;
    const along = windowOf(p);
    const X = input('X', [p.n, p.c, pixels], dtype);
    const around = padded(X, ['n', 'c', 's'], { c: along });
    const k = reductionAxis('k', p.size);
    const Y = accumulate(
      'Y',
      { n: p.n, c: p.c, s: pixels },
      ({ n, c, s }) => {
        const element = cast('f32', around.at(n, alongWindow(c, k, along), s));
        return sumOver(mul(element, element), [k]);
      },
      {
        stage: 'sum_squares',
        dtype,
        finish: (squares, { n, c, s }) => {
          const base = add(mul(squares, Number(alpha) / p.size), Number(bias));
          return mul(cast('f32', X.at(n, c, s)), exp(mul(log(base), -Number(beta))));
        },
      },
    );
    return program([X], [Y]);
  },
  reference: (p, { alpha, beta, bias }, { X }) => {
    const pixels = p.h * p.w;
    const { before } = windowOf(p);
    return {
      Y: (flat) => {
        const c = Math.floor(flat / pixels) % p.c;
        let squares = 0;
        for (let at = Math.max(0, c - before); at < Math.min(p.c, c - before + p.size); at++)
          squares += (X?.[flat + (at - c) * pixels] ?? Number.NaN) ** 2;
        return (X?.[flat] ?? Number.NaN) * (Number(bias) + (Number(alpha) / p.size) * squares) ** -Number(beta);
      },
    };
  },
  // So large that the window counts: with 4 instead of 32 the usual alpha would change results by a thousandth.
  inputs: () => ({ X: reals(-32, 32, 1 / 8) }),
  ones: () => true,
  f32SumsOnly: 'squares soon leave the range of f16',
  // WGSL's log may be 5e-7 off near 0 and a few units in the last place elsewhere, which the exponent multiplies; exp adds a few units.
  tolerance: (p, { beta }, dtype) => {
    const relative = 1e-5 + p.size * 6e-8 + Number(beta) * 5e-6;
    return dtype === 'f32' ? { absolute: 1e-6, relative } : { absolute: 6.2e-5, relative: relative + 2e-3 };
  },
  channels: () => [1],
});
