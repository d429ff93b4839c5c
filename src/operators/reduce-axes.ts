import { assert } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { attribute, defineOperator, dimension } from './define.ts';
import {
  argMaxOver,
  argMinOver,
  cast,
  div,
  type Index,
  maxOver,
  minOver,
  mul,
  type Reduction,
  type ReductionAxis,
  reductionAxis,
  sqrt,
  sumOver,
  type Value,
} from './expression.ts';
import { exact, exactIntegers, type Fill, integers, type Tolerance } from './fill.ts';
import { type FourAxis, fourAxes, parseAxes, stridesOf } from './four-axes.ts';
import { computeTuple, input, program, type Tensor } from './tensor.ts';
import type { Workload } from './workload.ts';

/** What one kind of reduction differs in from another. */
interface Kind {
  readonly over: (value: Value, axes: readonly ReductionAxis[]) => Reduction;
  /** What becomes of each element first; max and min stay in the dtype, sums are kept in f32. */
  readonly prepare: (element: Value) => Value;
  readonly finish?: (reduced: Value, count: number) => Value;
  /** The reference, from `count` elements by position. */
  readonly reference: (element: (position: number) => number, count: number) => number;
  readonly fill: (count: number, sums: Workload['dtype']) => Fill;
  readonly isExact: boolean;
}

/** A reference that folds the elements in order. */
function folded(
  start: number,
  combine: (accumulated: number, element: number) => number,
  end: (reduced: number, count: number) => number = (reduced) => reduced,
): Kind['reference'] {
  return (element, count) => {
    let result = start;
    for (let i = 0; i < count; i++) result = combine(result, element(i));
    return end(result, count);
  };
}

/** A reference that finds the first element which no other one precedes. */
function firstOf(precedes: (element: number, best: number) => boolean): Kind['reference'] {
  return (element, count) => {
    let best = 0;
    for (let i = 1; i < count; i++) if (precedes(element(i), element(best))) best = i;
    return best;
  };
}

const wide = (element: Value): Value => cast('f32', element);
const plus = (total: number, element: number): number => total + element;
const sum = {
  over: sumOver,
  prepare: wide,
  reference: folded(0, plus),
  fill: (count: number, sums: Workload['dtype']) => exactIntegers(sums, count, 1),
  isExact: true,
} satisfies Kind;
const extreme = { prepare: (element: Value) => element, isExact: true };

const kinds: Readonly<Record<string, Kind>> = {
  sum,
  mean: {
    ...sum,
    finish: (total, count) => div(total, count),
    reference: folded(0, plus, (total, count) => total / count),
    isExact: false,
  },
  // All of one sign, so that a reduction that starts from 0 or reads a 0 from outside is caught; exact in f16 too.
  max: {
    ...extreme,
    over: maxOver,
    reference: folded(Number.NEGATIVE_INFINITY, Math.max),
    fill: () => integers(-2048, -1),
  },
  min: {
    ...extreme,
    over: minOver,
    reference: folded(Number.POSITIVE_INFINITY, Math.min),
    fill: () => integers(1, 2048),
  },
  l2: {
    ...sum,
    prepare: (element) => mul(wide(element), wide(element)),
    finish: (squares) => sqrt(squares),
    reference: folded(0, (total, element) => total + element * element, Math.sqrt),
    // Squares do not cancel: in f16 there may be some 1,024 of them.
    fill: (count, sums) =>
      sums === 'f16' ? integers(-1, 1, Math.min(1, 1024 / count)) : exactIntegers(sums, count, 2),
    isExact: false,
  },
  // Of few different values, so that most extremes are there several times and the first must be found.
  argmax: {
    ...extreme,
    over: argMaxOver,
    reference: firstOf((element, best) => element > best),
    fill: () => integers(-9, -1),
  },
  argmin: {
    ...extreme,
    over: argMinOver,
    reference: firstOf((element, best) => element < best),
    fill: () => integers(1, 9),
  },
};

function kindOf(name: string): Kind {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  assert(kind !== undefined, () => `kind "${name}" was checked`);
  return kind;
}

function check({ kind, axes }: { readonly kind: string; readonly axes: string }): Refusal | null {
  if (!Object.hasOwn(kinds, kind)) {
    return refuse('bad-kind', () => `kind="${kind}" must be one of ${Object.keys(kinds).join(', ')}`);
  }
  if (parseAxes(axes) !== null) return null;
  return refuse('bad-axes', () => `axes="${axes}" must name some of n, c, h, w, each once, e.g. axes="h,w"`);
}

/** The dimensions that stay and those that are reduced, both in the order in which X has them. */
function partition(axes: string): { readonly kept: readonly FourAxis[]; readonly reduced: readonly FourAxis[] } {
  const named = parseAxes(axes) ?? [];
  return {
    kept: fourAxes.filter((axis) => !named.includes(axis)),
    reduced: fourAxes.filter((axis) => named.includes(axis)),
  };
}

type Shape = Readonly<Record<FourAxis, number>>;
const countOf = (p: Shape, axes: readonly FourAxis[]): number => axes.reduce((product, axis) => product * p[axis], 1);

/** Division and square root may be a few units in the last place off, and f16 rounds to 11 bits and may flush subnormals. */
const rounded: Readonly<Record<'f32' | 'f16', Tolerance>> = {
  f32: { absolute: 1e-7, relative: 2e-6 },
  f16: { absolute: 6.2e-5, relative: 1e-3 },
};

/**
 * Reduction of X[n,c,h,w] along any of its dimensions; the result has those that are left, [1] when none is. argmax and argmin give the
 * position of the extreme element as an i32 whatever the dtype, the smallest one on a tie as ONNX's ArgMax and ArgMin do by default;
 * along several dimensions it counts through them, the last one fastest.
 */
export const reduce = defineOperator({
  name: 'reduce',
  summary: 'sum, mean, max, min, L2 norm, argmax or argmin of X[n,c,h,w] along any of its dimensions',
  parameters: {
    n: dimension(1, 'first dimension of X'),
    c: dimension(64, 'second dimension of X'),
    h: dimension(28, 'third dimension of X'),
    w: dimension(28, 'fourth dimension of X'),
  },
  attributes: {
    kind: attribute('mean', 'sum, mean, max, min, l2, argmax or argmin'),
    axes: attribute('h,w', 'the dimensions that are reduced, e.g. "c" or "n,h,w"'),
  },
  check: (_, texts) => check(texts),
  build: (p, texts, dtype) => {
    const kind = kindOf(texts.kind);
    const { kept, reduced } = partition(texts.axes);
    const X = input('X', [p.n, p.c, p.h, p.w], dtype);
    const over = new Map(reduced.map((axis) => [axis, reductionAxis(axis, p[axis])]));
    const shape: Readonly<Record<string, number>> =
      kept.length > 0 ? Object.fromEntries(kept.map((axis) => [axis, p[axis]])) : { one: 1 };
    const { finish } = kind;
    const count = countOf(p, reduced);
    const stage = `reduce_${texts.kind}`;
    const element = (index: Readonly<Record<string, Index>>): Reduction => {
      const at = (axis: FourAxis): Index => over.get(axis) ?? (index[axis] as Index);
      return kind.over(kind.prepare(X.at(...fourAxes.map(at))), [...over.values()]);
    };
    if (texts.kind === 'argmax' || texts.kind === 'argmin') {
      const [, Y] = computeTuple(['Y_extreme', 'Y'], shape, element, { stage });
      return program([X], [Y as Tensor]);
    }
    const Y = accumulate('Y', shape, element, {
      stage,
      dtype,
      ...(finish === undefined ? {} : { finish: (total: Value) => finish(total, count) }),
    });
    return program([X], [Y]);
  },
  reference: (p, texts, { X }) => {
    const kind = kindOf(texts.kind);
    const { kept, reduced } = partition(texts.axes);
    const strides = stridesOf([p.n, p.c, p.h, p.w]);
    // Where the elements at a flat position over some dimensions start.
    const offset = (axes: readonly FourAxis[], flat: number): number => {
      let [rest, at] = [flat, 0];
      for (const axis of axes.toReversed()) {
        at += (rest % p[axis]) * (strides[fourAxes.indexOf(axis)] ?? Number.NaN);
        rest = Math.floor(rest / p[axis]);
      }
      return at;
    };
    const count = countOf(p, reduced);
    return {
      Y: (flat) => {
        const first = offset(kept, flat);
        return kind.reference((position) => X?.[first + offset(reduced, position)] ?? Number.NaN, count);
      },
    };
  },
  inputs: (p, texts, _, sums) => ({
    X: kindOf(texts.kind).fill(countOf(p, partition(texts.axes).reduced), sums),
  }),
  ones: () => true,
  tolerance: (_, texts, dtype) => (kindOf(texts.kind).isExact ? exact : rounded[dtype]),
});
