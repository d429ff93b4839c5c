import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { attribute, defineOperator, dimension, option } from './define.ts';
import type { Index, Reduction, ReductionAxis, Tensor, Value } from './definition.ts';
import { abs, add, expNumber, log, lt, maxOver, reductionAxis, select, sub, sumOver } from './expression.ts';
import { fourAxes, parseAxes, stridesOf } from './four-axes.ts';
import { type ReductionKind, reductionKindOf, reductionKinds } from './reduce-kinds.ts';
import { parseDimensions, parseShape, shapeAttribute } from './shape-text.ts';
import { compute, computeTuple, input, program } from './tensor.ts';

/** The result; where a row's largest element is NaN or infinite, that element, because the sum of exponentials is then of no use. */
const unlessInfinite = (largest: Value, result: Value): Value =>
  select(lt(abs(largest), Number.POSITIVE_INFINITY), result, largest);

/** The operator's text attributes. */
interface Texts {
  readonly kind: string;
  readonly axes: string;
  readonly shape: string;
}

function check({ kind, axes, shape }: Texts): Refusal | null {
  if (!Object.hasOwn(reductionKinds, kind)) {
    return refuse('bad-kind', () => `kind="${kind}" must be one of ${Object.keys(reductionKinds).join(', ')}`);
  }
  if (shape !== '') {
    const extents = parseShape(shape);
    if (isRefusal(extents)) return extents;
    const dimensions = parseDimensions('axes', axes, extents.length);
    return isRefusal(dimensions) ? dimensions : null;
  }
  if (parseAxes(axes) !== null) return null;
  return refuse('bad-axes', () => `axes="${axes}" must name some of n, c, h, w, each once, e.g. axes="h,w"`);
}

/** A dimension of X. */
interface Dimension {
  readonly name: string;
  readonly extent: number;
  readonly reduced: boolean;
}

/** The dimensions of X, taken from `shape` where it is given; both texts were checked before. */
function dimensionsOf(p: Readonly<Record<(typeof fourAxes)[number], number>>, { axes, shape }: Texts): Dimension[] {
  if (shape === '') {
    const named = parseAxes(axes) ?? [];
    return fourAxes.map((name) => ({ name, extent: p[name], reduced: named.includes(name) }));
  }
  const extents = parseShape(shape);
  if (isRefusal(extents)) return [];
  const counted = parseDimensions('axes', axes, extents.length);
  const reduced = isRefusal(counted) ? [] : counted;
  return extents.map((extent, d) => ({ name: `d${d}`, extent, reduced: reduced.includes(d) }));
}

const countOf = (dimensions: readonly Dimension[]): number =>
  dimensions.reduce((product, { extent, reduced }) => (reduced ? product * extent : product), 1);

/** The axes of the result: the dimensions that stay, and with `keepdims` also those that are reduced, with extent 1. */
function resultAxes(dimensions: readonly Dimension[], keepdims: boolean): Readonly<Record<string, number>> {
  const left = dimensions.flatMap(({ name, extent, reduced }): (readonly [string, number])[] => {
    if (!reduced) return [[name, extent]];
    return keepdims ? [[`${name}_one`, 1]] : [];
  });
  return left.length > 0 ? Object.fromEntries(left) : { one: 1 };
}

/**
 * Reduction of X along any of its dimensions. The result has those that are left, [1] when none is, or with `keepdims` all of them, the
 * reduced ones with extent 1 (ONNX's default). argmax and argmin give the position of the extreme element as an i32 whatever the dtype: the
 * smallest one on a tie, as ONNX's ArgMax and ArgMin do by default, and the first NaN's where there is one. Along several dimensions it counts
 * through them, the last one fastest. log_sum_exp subtracts the largest element before taking exponentials, and so never overflows; it is
 * -inf where all elements are -inf, and +inf where one of them is +inf.
 */
defineOperator({
  name: 'reduce',
  summary:
    'sum, mean, product, extremes, norms, log-sum-exp, argmax ... of X[n,c,h,w], or of any shape, along any of its dimensions',
  parameters: {
    n: dimension(1, 'first dimension of X'),
    c: dimension(64, 'second dimension of X'),
    h: dimension(28, 'third dimension of X'),
    w: dimension(28, 'fourth dimension of X'),
    keepdims: option('the result keeps the reduced dimensions, with extent 1'),
  },
  attributes: {
    kind: attribute(
      'mean',
      'sum, mean, prod, max, min, l1 and l2 (norms), sum_square, log_sum, log_sum_exp, argmax or argmin',
    ),
    axes: attribute(
      'h,w',
      'the dimensions that are reduced, e.g. "c" or "n,h,w"; with shape by number, e.g. "0,2" or "-1"',
    ),
    shape: shapeAttribute,
  },
  // A shape of four dimensions is written as n, c, h and w; for any other shape these say nothing and are 1.
  writeOut: (p, { shape, axes }, given) => {
    if (shape.trim() === '') return { attributes: { shape: '' } };
    const beside = fourAxes.find((name) => given.has(name) && p[name] !== 1);
    if (beside !== undefined) {
      return refuse('shape-said-twice', () => `shape says every dimension by itself; leave ${beside} out`);
    }
    const extents = parseShape(shape);
    if (isRefusal(extents)) return extents;
    const dimensions = parseDimensions('axes', axes, extents.length);
    if (isRefusal(dimensions)) return dimensions;
    const sorted = dimensions.toSorted((a, b) => a - b);
    const [n = 1, c = 1, h = 1, w = 1] = extents.length === 4 ? extents : [];
    const named = sorted.map((d) => fourAxes[d]).join(',');
    const attributes =
      extents.length === 4 ? { shape: '', axes: named } : { shape: extents.join(','), axes: sorted.join(',') };
    return { params: { n, c, h, w }, attributes };
  },
  examples: [
    {
      says: 'a stable log-sum-exp of rows',
      shape: 'n=1,c=1,h=64,w=1000',
      attributes: { kind: 'log_sum_exp', axes: 'w' },
    },
    {
      says: 'ReduceProd of ONNX: a tensor of any rank, reduced dimensions kept with extent 1',
      shape: 'keepdims=1',
      attributes: { shape: '2,3,5,7,11', axes: '0,2,4', kind: 'prod' },
    },
  ],
  check: (_, texts) => check(texts),
  build: (p, texts, dtype) => {
    const kind = reductionKindOf(texts.kind);
    const dimensions = dimensionsOf(p, texts);
    const X = input(
      'X',
      dimensions.map(({ extent }) => extent),
      dtype,
    );
    const shape = resultAxes(dimensions, p.keepdims);
    const count = countOf(dimensions);
    const stage = `reduce_${texts.kind}`;
    type Indices = Readonly<Record<string, Index>>;
    /** The reduction, over axes of this stage's own, of what `value` makes of each element that belongs to a place of the result. */
    const overAll = (index: Indices, of: ReductionKind['over'], value: (element: Value) => Value): Reduction => {
      const over = dimensions.map(({ name, extent, reduced }) => (reduced ? reductionAxis(name, extent) : null));
      const element = X.at(...dimensions.map(({ name }, d) => over[d] ?? (index[name] as Index)));
      return of(
        value(element),
        over.filter((axis): axis is ReductionAxis => axis !== null),
      );
    };
    const plain = (index: Indices): Reduction => overAll(index, kind.over, kind.prepare);
    if (texts.kind === 'argmax' || texts.kind === 'argmin') {
      const [, Y] = computeTuple(['Y_extreme', 'Y'], shape, plain, { stage });
      return program([X], [Y as Tensor]);
    }
    if (texts.kind === 'log_sum_exp') {
      const largest = compute('largest', shape, (index) => overAll(index, maxOver, kind.prepare), {
        stage: 'find_largest',
      });
      const largestAt = (index: Indices): Value =>
        largest.at(...Object.keys(shape).map((axis) => index[axis] as Index));
      const Y = accumulate(
        'Y',
        shape,
        (index) => overAll(index, sumOver, (element) => expNumber(sub(kind.prepare(element), largestAt(index)))),
        { stage, dtype, finish: (total, index) => unlessInfinite(largestAt(index), add(log(total), largestAt(index))) },
      );
      return program([X], [Y]);
    }
    const { finish } = kind;
    const Y = accumulate('Y', shape, plain, {
      stage,
      dtype,
      ...(finish === undefined ? {} : { finish: (total: Value) => finish(total, count) }),
    });
    return program([X], [Y]);
  },
  reference: (p, texts, { X }) => {
    const kind = reductionKindOf(texts.kind);
    const dimensions = dimensionsOf(p, texts);
    const strides = stridesOf(dimensions.map(({ extent }) => extent));
    const some = (reduced: boolean) =>
      dimensions.flatMap((one, d) =>
        one.reduced === reduced ? [{ extent: one.extent, stride: strides[d] as number }] : [],
      );
    // The offset in X of a flat position over some of the dimensions.
    const offset = (axes: ReturnType<typeof some>, flat: number): number => {
      let [rest, at] = [flat, 0];
      for (const { extent, stride } of axes.toReversed()) {
        at += (rest % extent) * stride;
        rest = Math.floor(rest / extent);
      }
      return at;
    };
    const [kept, reduced] = [some(false), some(true)];
    const count = countOf(dimensions);
    return {
      Y: (flat) => {
        const first = offset(kept, flat);
        return kind.reference((position) => X?.[first + offset(reduced, position)] ?? Number.NaN, count);
      },
    };
  },
  inputs: (p, texts, dtype, sums) => ({
    X: reductionKindOf(texts.kind).fill(countOf(dimensionsOf(p, texts)), sums, dtype),
  }),
  ones: () => true,
  tolerance: (p, texts, dtype) => reductionKindOf(texts.kind).tolerance(countOf(dimensionsOf(p, texts)), dtype),
  f32SumsOnly: ({ kind }) =>
    kind === 'prod' || kind === 'log_sum_exp'
      ? `a ${kind} in f16 would leave its range or most of its digits`
      : undefined,
});
