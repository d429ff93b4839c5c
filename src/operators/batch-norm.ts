import { defineOperator, dimension } from './define.ts';
import { checkEpsilon, epsilonAttribute } from './epsilon.ts';
import { add, cast, inverseSqrt, mul, sub } from './expression.ts';
import { reals } from './fill.ts';
import { compute, input, program } from './tensor.ts';

/** Batch normalisation at inference: mean and variance per channel are inputs. Arithmetic is in f32 whatever the dtype. */
defineOperator({
  name: 'batch_norm',
  summary: 'batch normalisation (inference) of X[n,c,h,w] by gamma, beta, mean and variance of each channel',
  parameters: {
    n: dimension(1, 'batch'),
    c: dimension(32, 'channels'),
    h: dimension(28, 'height'),
    w: dimension(28, 'width'),
  },
  attributes: { epsilon: epsilonAttribute },
  check: (_, { epsilon }) => checkEpsilon(epsilon),
  build: (p, { epsilon }, dtype) => {
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const [gamma, beta] = [input('gamma', [p.c], dtype), input('beta', [p.c], dtype)];
    const [mean, variance] = [input('mean', [p.c], dtype), input('variance', [p.c], dtype)];
    const Y = compute(
      'Y',
      { n: p.n, c: p.c, h: p.h, w: p.w },
      ({ n, c, h, w }) => {
        const scale = mul(cast('f32', gamma.at(c)), inverseSqrt(add(cast('f32', variance.at(c)), Number(epsilon))));
        const deviation = sub(cast('f32', X.at(n, c, h, w)), cast('f32', mean.at(c)));
        return cast(dtype, add(mul(deviation, scale), cast('f32', beta.at(c))));
      },
      { stage: 'batch_norm' },
    );
    return program([X, gamma, beta, mean, variance], [Y]);
  },
  reference: (p, { epsilon }, { X, gamma, beta, mean, variance }) => ({
    Y: (flat) => {
      const c = Math.floor(flat / (p.h * p.w)) % p.c;
      const deviation = (X?.[flat] ?? Number.NaN) - (mean?.[c] ?? Number.NaN);
      const normal = deviation / Math.sqrt((variance?.[c] ?? Number.NaN) + Number(epsilon));
      return normal * (gamma?.[c] ?? Number.NaN) + (beta?.[c] ?? Number.NaN);
    },
  }),
  inputs: () => ({
    X: reals(-4, 4),
    gamma: reals(-2, 2),
    beta: reals(-2, 2),
    mean: reals(-1, 1),
    variance: reals(0.25, 4),
  }),
  // The scaled deviation is at most 20, and beta may cancel it.
  tolerance: (_, __, dtype) =>
    dtype === 'f32' ? { absolute: 2e-5, relative: 1e-5 } : { absolute: 1e-4, relative: 2e-3 },
  channels: () => [1],
});
