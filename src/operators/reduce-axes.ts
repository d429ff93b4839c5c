import { assert } from '../support/errors.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { accumulate } from './accumulate.ts';
import { attribute, defineOperator, dimension } from './define.ts';
import {
  cast,
  div,
  type Index,
  maxOver,
  minOver,
  mul,
  reductionAxis,
  sqrt,
  sumOver,
  type Value,
} from './expression.ts';
import { exact, exactIntegers, type Fill, integers, type Tolerance } from './fill.ts';
import { type FourAxis, fourAxes, parseAxes, stridesOf } from './four-axes.ts';
import { input, program } from './tensor.ts';

/** What one kind of reduction differs in from another. */
interface Kind {
  readonly over: typeof sumOver;
  /** What becomes of each element first; max and min stay in the dtype, sums are kept in f32. */
  readonly prepare: (element: Value) => Value;
  readonly finish?: (reduced: Value, count: number) => Value;
  /** The reference in three parts. */
  readonly start: number;
  readonly combine: (accumulated: number, element: number) => number;
  readonly end: (reduced: number, count: number) => number;
  readonly fill: (count: number) => Fill;
  readonly isExact: boolean;
}

const same = (reduced: number): number => reduced;
const wide = (element: Value): Value => cast('f32', element);
const sum = {
  over: sumOver,
  prepare: wide,
  start: 0,
  combine: (total: number, element: number) => total + element,
  end: same,
  fill: (count: number) => exactIntegers('f32', count, 1),
  isExact: true,
} satisfies Kind;

const kinds: Readonly<Record<string, Kind>> = {
  sum,
  mean: { ...sum, finish: (total, count) => div(total, count), end: (total, count) => total / count, isExact: false },
  // All of one sign, so that a reduction that starts from 0 or reads a 0 from outside is caught; exact in f16 too.
  max: {
    over: maxOver,
    prepare: (element) => element,
    start: Number.NEGATIVE_INFINITY,
    combine: Math.max,
    end: same,
    fill: () => integers(-2048, -1),
    isExact: true,
  },
  min: {
    over: minOver,
    prepare: (element) => element,
    start: Number.POSITIVE_INFINITY,
    combine: Math.min,
    end: same,
    fill: () => integers(1, 2048),
    isExact: true,
  },
  l2: {
    ...sum,
    prepare: (element) => mul(wide(element), wide(element)),
    finish: (squares) => sqrt(squares),
    combine: (total, element) => total + element * element,
    end: Math.sqrt,
    fill: (count) => exactIntegers('f32', count, 2),
    isExact: false,
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
 * Reduction of X[n,c,h,w] along any of its dimensions; the result has those that are left, [1] when none is. There is no argmax: its
 * reduction would carry a pair, value and position.
 */
export const reduce = defineOperator({
  name: 'reduce',
  summary: 'sum, mean, max, min or L2 norm of X[n,c,h,w] along any of its dimensions',
  parameters: {
    n: dimension(1, 'first dimension of X'),
    c: dimension(64, 'second dimension of X'),
    h: dimension(28, 'third dimension of X'),
    w: dimension(28, 'fourth dimension of X'),
  },
  attributes: {
    kind: attribute('mean', 'sum, mean, max, min or l2'),
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
    const Y = accumulate(
      'Y',
      shape,
      (index) => {
        const at = (axis: FourAxis): Index => over.get(axis) ?? (index[axis] as Index);
        return kind.over(kind.prepare(X.at(...fourAxes.map(at))), [...over.values()]);
      },
      {
        stage: `reduce_${texts.kind}`,
        dtype,
        ...(finish === undefined ? {} : { finish: (total: Value) => finish(total, count) }),
      },
    );
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
        let result = kind.start;
        for (let i = 0; i < count; i++) result = kind.combine(result, X?.[first + offset(reduced, i)] ?? Number.NaN);
        return kind.end(result, count);
      },
    };
  },
  inputs: (p, texts) => ({ X: kindOf(texts.kind).fill(countOf(p, partition(texts.axes).reduced)) }),
  tolerance: (_, texts, dtype) => (kindOf(texts.kind).isExact ? exact : rounded[dtype]),
});
