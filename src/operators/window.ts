import { type Refusal, refuse } from '../support/refusal.ts';
import { add, and, type Condition, ge, type Index, lt, mul, select, sub } from './expression.ts';
import { compute, type Tensor } from './tensor.ts';

/** How windows lie along a dimension; no dilation is a dilation of 1. */
export interface Geometry {
  readonly stride: number;
  readonly pad: number;
  readonly dilation?: number;
}

/** Output positions along one dimension of `size` elements under a window of `taps` elements. */
export function outputExtent(size: number, taps: number, { stride, pad, dilation = 1 }: Geometry): number {
  return Math.floor((size + 2 * pad - dilation * (taps - 1) - 1) / stride) + 1;
}

/** The element (counted from the start of the padding) under a tap of the window at an output position. */
export function alongWindow(at: Index, tap: Index, { stride, dilation = 1 }: Geometry): Index {
  return add(mul(at, stride), mul(tap, dilation));
}

/** Refuses where no window fits along one dimension; `names` are the parameters that say its size and its window's. */
export function emptyAlong<S extends string, T extends string>(
  p: Geometry & Readonly<Record<S | T, number>>,
  names: { readonly size: S; readonly taps: T },
): Refusal | null {
  const size = p[names.size];
  const taps = p[names.taps];
  if (outputExtent(size, taps, p) >= 1) return null;
  const { dilation = 1, pad } = p;
  const dilated = p.dilation === undefined ? '' : ` with dilation=${dilation}`;
  return refuse(
    'empty-output',
    () =>
      `the output is empty: ${names.taps}=${taps}${dilated} spans ${dilation * (taps - 1) + 1}, ` +
      `and ${names.size}=${size} with pad=${pad} has only ${size + 2 * pad}`,
  );
}

/**
 * A tensor with `pads[axis]` elements of `fill` on both sides of an axis: a stage of its own, which schedules inline. `axes` names the
 * tensor's dimensions.
 */
export function padded(X: Tensor, axes: readonly string[], pads: Readonly<Record<string, number>>, fill = 0): Tensor {
  const padOf = (axis: string): number => pads[axis] ?? 0;
  const shape = Object.fromEntries(axes.map((axis, d) => [axis, (X.shape[d] as number) + 2 * padOf(axis)]));
  return compute(
    'padded',
    shape,
    (index) => {
      const at = (axis: string): Index => index[axis] as Index;
      const inside = axes.flatMap((axis, d): Condition[] =>
        padOf(axis) === 0 ? [] : [ge(at(axis), padOf(axis)), lt(at(axis), (X.shape[d] as number) + padOf(axis))],
      );
      const element = X.at(...axes.map((axis) => sub(at(axis), padOf(axis))));
      const [first, ...rest] = inside;
      return first === undefined ? element : select(and(first, ...rest), element, fill);
    },
    { stage: 'pad' },
  );
}
