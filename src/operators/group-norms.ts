import { refuse } from '../support/refusal.ts';
import { defineOperator, dimension } from './define.ts';
import type { Index, Value } from './definition.ts';
import { checkEpsilon, epsilonAttribute } from './epsilon.ts';
import { add, cast, div, inverseSqrt, mul, reductionAxis, sub, sumOver } from './expression.ts';
import { reals } from './fill.ts';
import type { InputValues } from './operator.ts';
import { compute, input, program } from './tensor.ts';
import type { Workload } from './workload.ts';

const image = {
  n: dimension(1, 'batch'),
  c: dimension(32, 'channels'),
  h: dimension(28, 'height'),
  w: dimension(28, 'width'),
} as const;

interface GroupedImage extends Readonly<Record<keyof typeof image, number>> {
  /** Groups of channels; where it is missing, each channel is one. */
  readonly groups?: number;
}
interface Texts {
  readonly epsilon: string;
}

const groupsOf = (p: GroupedImage): number => p.groups ?? p.c;
/** Elements of a group. */
const sizeOf = (p: GroupedImage): number => (p.c / groupsOf(p)) * p.h * p.w;

/**
 * Y = (X - mean) / sqrt(variance + epsilon) * gamma[c] + beta[c] with mean and variance of a group of channels over the whole image, in f32
 * whatever the dtype. As in layer_norm the variance comes from the deviations. Height and width are one axis in the program; channels are
 * two, group and channel in the group, unless each is a group by itself.
 */
const groupNorm = {
  attributes: { epsilon: epsilonAttribute },
  build: (p: GroupedImage, { epsilon }: Texts, dtype: Workload['dtype']) => {
    const [groups, pixels, count] = [groupsOf(p), p.h * p.w, sizeOf(p)];
    const perGroup = p.c / groups;
    const channels: { readonly c?: number } = perGroup === 1 ? {} : { c: perGroup };
    const own = (c: Index | undefined): readonly Index[] => (c === undefined ? [] : [c]);
    const rows = { n: p.n, g: groups };
    const X = input('X', [p.n, groups, ...Object.values(channels), pixels], dtype);
    const gamma = input('gamma', [groups, ...Object.values(channels)], dtype);
    const beta = input('beta', [groups, ...Object.values(channels)], dtype);
    /** The sum over each group of what is made of its elements. */
    const total = (name: string, stage: string, value: (element: Value, n: Index, g: Index) => Value) =>
      compute(
        name,
        rows,
        ({ n, g }) => {
          const [c, s] = [reductionAxis('c', perGroup), reductionAxis('s', pixels)];
          const over = perGroup === 1 ? [s] : [c, s];
          return sumOver(value(cast('f32', X.at(n, g, ...over)), n, g), over);
        },
        { stage },
      );
    const sums = total('groupSum', 'sum_group', (element) => element);
    const deviation = (element: Value, n: Index, g: Index): Value => sub(element, div(sums.at(n, g), count));
    const squares = total('groupSquares', 'sum_squares', (element, n, g) =>
      mul(deviation(element, n, g), deviation(element, n, g)),
    );
    const axes: { readonly n: number; readonly g: number; readonly c?: number; readonly s: number } = {
      ...rows,
      ...channels,
      s: pixels,
    };
    const Y = compute(
      'Y',
      axes,
      ({ n, g, c, s }) => {
        const scale = inverseSqrt(add(div(squares.at(n, g), count), Number(epsilon)));
        const normal = mul(deviation(cast('f32', X.at(n, g, ...own(c), s)), n, g), scale);
        return cast(dtype, add(mul(normal, cast('f32', gamma.at(g, ...own(c)))), cast('f32', beta.at(g, ...own(c)))));
      },
      { stage: 'normalise' },
    );
    return program([X, gamma, beta], [Y]);
  },
  reference: (p: GroupedImage, { epsilon }: Texts, { X, gamma, beta }: InputValues) => {
    const count = sizeOf(p);
    const known = new Map<number, { readonly mean: number; readonly variance: number }>();
    // Groups follow each other in memory.
    const statistics = (group: number) => {
      const before = known.get(group);
      if (before !== undefined) return before;
      const elements = X?.subarray(group * count, (group + 1) * count) ?? new Float64Array([Number.NaN]);
      const mean = elements.reduce((sum, element) => sum + element, 0) / count;
      const variance = elements.reduce((sum, element) => sum + (element - mean) ** 2, 0) / count;
      known.set(group, { mean, variance });
      return { mean, variance };
    };
    return {
      Y: (flat: number) => {
        const { mean, variance } = statistics(Math.floor(flat / count));
        const c = Math.floor(flat / (p.h * p.w)) % p.c;
        const normal = ((X?.[flat] ?? Number.NaN) - mean) / Math.sqrt(variance + Number(epsilon));
        return normal * (gamma?.[c] ?? Number.NaN) + (beta?.[c] ?? Number.NaN);
      },
    };
  },
  inputs: () => ({ X: reals(-4, 4), gamma: reals(-2, 2), beta: reals(-2, 2) }),
  // As for layer_norm: with all elements 1 a rounding error comes out times 1 / sqrt(epsilon).
  ones: (_: GroupedImage, { epsilon }: Texts) => Number(epsilon) >= 1e-6,
  f32SumsOnly: 'the sum of squares of a group soon leaves the range of f16',
  // A sum of n terms is some sqrt(n) roundings off (layer-bound.ts says why); beta may cancel the scaled deviation.
  tolerance: (p: GroupedImage, _: Texts, dtype: Workload['dtype']) => {
    const own = 2e-5 + 8 * 2 ** -24 * Math.sqrt(sizeOf(p));
    return dtype === 'f32'
      ? { absolute: 10 * own, relative: own }
      : { absolute: 10 * own + 1e-4, relative: own + 2e-3 };
  },
  channels: (p: GroupedImage) => (groupsOf(p) === p.c ? [1] : [1, 2]),
};

defineOperator({
  ...groupNorm,
  name: 'group_norm',
  summary:
    'group normalisation of X[n,c,h,w]: each group of channels by itself, scaled by gamma[c], shifted by beta[c]',
  parameters: { ...image, groups: dimension(8, 'groups of channels, each normalised by itself; divides c') },
  check: (p, { epsilon }) =>
    p.c % p.groups === 0
      ? checkEpsilon(epsilon)
      : refuse('groups-do-not-divide', () => `groups=${p.groups} must divide c=${p.c}`),
});

defineOperator({
  ...groupNorm,
  name: 'instance_norm',
  summary:
    'instance normalisation of X[n,c,h,w]: each channel of each image by itself, scaled by gamma[c], shifted by beta[c]',
  parameters: image,
  check: (_, { epsilon }) => checkEpsilon(epsilon),
});
