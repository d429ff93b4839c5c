import { assert } from '../support/errors.ts';
import type { Reduction, ReductionAxis, Value } from './definition.ts';
import {
  abs,
  argMaxOver,
  argMinOver,
  cast,
  div,
  log,
  maxOver,
  minOver,
  mul,
  prodOver,
  sqrt,
  sumOver,
} from './expression.ts';
import { exact, exactIntegers, type Fill, integers, reals, type Tolerance } from './fill.ts';
import type { Workload } from './workload.ts';

/** Everything in which one kind of reduction differs from another. */
export interface ReductionKind {
  readonly over: (value: Value, axes: readonly ReductionAxis[]) => Reduction;
  /** Applied to each element before it is reduced: max and min stay in the dtype, sums are kept in f32. */
  readonly prepare: (element: Value) => Value;
  readonly finish?: (reduced: Value, count: number) => Value;
  /** The reference, from `count` elements by position. */
  readonly reference: (element: (position: number) => number, count: number) => number;
  readonly fill: (count: number, sums: Workload['dtype'], dtype: Workload['dtype']) => Fill;
  readonly tolerance: (count: number, dtype: Workload['dtype']) => Tolerance;
}

/** Division and square root may be a few units in the last place off, and f16 rounds to 11 bits and may flush subnormals. */
const divided: Readonly<Record<'f32' | 'f16', Tolerance>> = {
  f32: { absolute: 1e-7, relative: 2e-6 },
  f16: { absolute: 6.2e-5, relative: 1e-3 },
};
const rounded: ReductionKind['tolerance'] = (_, dtype) => divided[dtype];
const equal: ReductionKind['tolerance'] = () => exact;

/** A reference that folds the elements in order. */
function folded(
  start: number,
  combine: (accumulated: number, element: number) => number,
  end: (reduced: number, count: number) => number = (reduced) => reduced,
): ReductionKind['reference'] {
  return (element, count) => {
    let result = start;
    for (let i = 0; i < count; i++) result = combine(result, element(i));
    return end(result, count);
  };
}

/** A reference that finds the first element which no other one precedes. */
function firstOf(precedes: (element: number, best: number) => boolean): ReductionKind['reference'] {
  return (element, count) => {
    let best = 0;
    for (let i = 1; i < count; i++) if (precedes(element(i), element(best))) best = i;
    return best;
  };
}

/** A rank by which NaN precedes every number, and no NaN precedes another one. */
const nan = (element: number): number => (Number.isNaN(element) ? 1 : 0);
const wide = (element: Value): Value => cast('f32', element);
const plus = (total: number, element: number): number => total + element;
const sum = {
  over: sumOver,
  prepare: wide,
  reference: folded(0, plus),
  fill: (count: number, sums: Workload['dtype']) => exactIntegers(sums, count, 1),
  tolerance: equal,
} satisfies ReductionKind;
/** Fills whose terms do not cancel: in f16 some 1,024 of them may be other than zero. */
const ofOneSign =
  (factors: number): ReductionKind['fill'] =>
  (count, sums, dtype) =>
    dtype === 'f16' ? integers(-1, 1, Math.min(1, 1024 / count)) : exactIntegers(sums, count, factors);
/** The relative error of a sum grows with its length; the logarithm of the sum turns it into an absolute one. */
const logOfSum: ReductionKind['tolerance'] = (count, dtype) => ({
  absolute: 1.5e-5 + count * 6e-8,
  relative: dtype === 'f16' ? 1e-3 : 2e-6,
});
const extreme = { prepare: (element: Value) => element, tolerance: equal };

/** Factors none of which is zero, whose product stays within f16 and shows whether one of them is missing. */
function productFill(count: number): Fill {
  if (count <= 12) return reals(-1.5, 1.5, 1);
  if (count <= 1024) return reals(1 - 1 / 32, 1 + 1 / 32, 1 / 128);
  return count <= 2 ** 14 ? reals(1 - 1 / 128, 1 + 1 / 128, 1 / 128) : reals(-1, 1, 2);
}

export const reductionKinds: Readonly<Record<string, ReductionKind>> = {
  sum,
  mean: {
    ...sum,
    finish: (total, count) => div(total, count),
    reference: folded(0, plus, (total, count) => total / count),
    tolerance: rounded,
  },
  // Values of one sign, so that a reduction that starts from 0 or reads a 0 from outside is caught; they are exact in f16 too.
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
  l1: {
    ...sum,
    prepare: (element) => abs(wide(element)),
    reference: folded(0, (total, element) => total + Math.abs(element)),
    fill: ofOneSign(1),
  },
  l2: {
    ...sum,
    prepare: (element) => mul(wide(element), wide(element)),
    finish: (squares) => sqrt(squares),
    reference: folded(0, (total, element) => total + element * element, Math.sqrt),
    fill: ofOneSign(2),
    tolerance: rounded,
  },
  sum_square: {
    ...sum,
    prepare: (element) => mul(wide(element), wide(element)),
    reference: folded(0, (total, element) => total + element * element),
    fill: ofOneSign(2),
  },
  prod: {
    over: prodOver,
    prepare: wide,
    reference: folded(1, (product, element) => product * element),
    fill: productFill,
    tolerance: (count, dtype) => ({
      absolute: dtype === 'f16' ? 6.2e-5 : 0,
      relative: 1e-6 + count * 1.2e-7 + (dtype === 'f16' ? 1e-3 : 0),
    }),
  },
  log_sum: {
    ...sum,
    finish: (total) => log(total),
    reference: folded(0, plus, Math.log),
    fill: (count, sums) => integers(1, 4, sums === 'f16' ? Math.min(1, 512 / count) : 1),
    tolerance: logOfSum,
  },
  // Values so large that an exponential of the element itself would overflow f32; f16 has too few digits for such values.
  log_sum_exp: {
    ...sum,
    reference: (element, count) => {
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < count; i++) largest = Math.max(largest, element(i));
      let total = 0;
      for (let i = 0; i < count; i++) total += Math.exp(element(i) - largest);
      return Number.isFinite(largest) ? largest + Math.log(total) : largest;
    },
    fill: (_, __, dtype) => (dtype === 'f16' ? reals(-4, 4) : reals(92, 100)),
    tolerance: logOfSum,
  },
  // Few different values, so that most extremes occur several times and the first one must be found.
  argmax: {
    ...extreme,
    over: argMaxOver,
    reference: firstOf((element, best) => element > best || nan(element) > nan(best)),
    fill: () => integers(-9, -1),
  },
  argmin: {
    ...extreme,
    over: argMinOver,
    reference: firstOf((element, best) => element < best || nan(element) > nan(best)),
    fill: () => integers(1, 9),
  },
};

export function reductionKindOf(name: string): ReductionKind {
  const kind = Object.hasOwn(reductionKinds, name) ? reductionKinds[name] : undefined;
  assert(kind !== undefined, () => `kind "${name}" was checked`);
  return kind;
}
