import { type Refusal, refuse } from '../support/refusal.ts';
import type { Condition, Index, Tensor } from './definition.ts';
import { add, and, ge, lt, mul, select, sub } from './expression.ts';
import { compute } from './tensor.ts';

/** How windows lie along a dimension of `size` elements. */
export interface Windows {
  readonly size: number;
  /** Elements of a window, `dilation` apart; no dilation is a dilation of 1. */
  readonly taps: number;
  readonly stride: number;
  readonly dilation?: number;
  /** Elements of padding at the two ends of the dimension. */
  readonly before: number;
  readonly after: number;
  /** How far the last window reaches beyond the padding at the end; negative where it does not use all of it (see roundedUp). */
  readonly beyond?: number;
}

/** Elements from the first to the last of a window. */
export const spanOf = ({ taps, dilation = 1 }: Windows): number => dilation * (taps - 1) + 1;

/** How many windows there are. */
export function outputExtent(along: Windows): number {
  return Math.floor((endOf(along) - spanOf(along)) / along.stride) + 1;
}

/** Elements with all their padding: where the last window may end. */
const endOf = ({ size, before, after, beyond = 0 }: Windows): number => size + before + after + beyond;

/**
 * The same with the number of windows rounded up instead of down: the last one may reach beyond the padding at the end, but not begin in it.
 * ONNX and PyTorch define `ceil_mode` so.
 */
export function roundedUp(along: Windows): Windows {
  const { size, before, after, stride } = along;
  const room = size + before + after - spanOf(along);
  const steps = Math.ceil(room / stride);
  const last = steps * stride >= size + before ? steps - 1 : steps;
  const beyond = last * stride - room;
  // Nothing changes where every window lies within the padded elements.
  return beyond <= 0 && last === Math.floor(room / stride) ? along : { ...along, beyond };
}

/** Whether some window has none of its taps inside [0, size). */
export function windowMisses(along: Windows): boolean {
  const { size, taps, stride, dilation = 1, before } = along;
  // A window that begins inside has its first tap there.
  if (elementUnder(outputExtent(along) - 1, 0, along) >= size) return true;
  for (let start = -before; start < 0; start += stride) {
    const tap = Math.ceil(-start / dilation);
    if (tap >= taps || start + tap * dilation >= size) return true;
  }
  return false;
}

/** The element (counted from the start of the padding) under a tap of the window at an output position. */
export function alongWindow(at: Index, tap: Index, { stride, dilation = 1 }: Windows): Index {
  return add(mul(at, stride), mul(tap, dilation));
}

/** The same in numbers, counted from the first element: in the padding it is negative, or `size` or more. */
export function elementUnder(at: number, tap: number, { stride, dilation = 1, before }: Windows): number {
  return at * stride - before + tap * dilation;
}

/** Refuses where no window fits; `names` are the parameters that give the size of the dimension and the taps of the window. */
export function emptyAlong(along: Windows, names: { readonly size: string; readonly taps: string }): Refusal | null {
  if (outputExtent(along) >= 1) return null;
  const { size, taps, dilation, before, after } = along;
  const dilated = dilation === undefined ? '' : ` with dilation=${dilation}`;
  const padding = before === after ? `pad=${before}` : `${before} and ${after} of padding`;
  return refuse(
    'empty-output',
    () =>
      `the output is empty: ${names.taps}=${taps}${dilated} spans ${spanOf(along)}, ` +
      `and ${names.size}=${size} with ${padding} has only ${size + before + after}`,
  );
}

/**
 * A tensor with `fill` before and after its elements along each axis, as the windows there need it: a stage of its own, which schedules
 * inline; the tensor itself where nothing is added. `axes` names the tensor's dimensions.
 */
export function padded(
  X: Tensor,
  axes: readonly string[],
  windows: Readonly<Record<string, Windows>>,
  fill = 0,
): Tensor {
  const added = (axis: string): Pick<Windows, 'before' | 'after'> => {
    const { before = 0, after = 0, beyond = 0 } = windows[axis] ?? {};
    return { before, after: Math.max(0, after + beyond) };
  };
  if (axes.every((axis) => added(axis).before + added(axis).after === 0)) return X;
  const shape = Object.fromEntries(
    axes.map((axis, d) => [axis, (X.shape[d] as number) + added(axis).before + added(axis).after]),
  );
  return compute(
    'padded',
    shape,
    (index) => {
      const at = (axis: string): Index => index[axis] as Index;
      const inside = axes.flatMap((axis, d): Condition[] => {
        const { before, after } = added(axis);
        return [
          ...(before > 0 ? [ge(at(axis), before)] : []),
          ...(after > 0 ? [lt(at(axis), (X.shape[d] as number) + before)] : []),
        ];
      });
      const element = X.at(...axes.map((axis) => sub(at(axis), added(axis).before)));
      const [first, ...rest] = inside;
      return first === undefined ? element : select(and(first, ...rest), element, fill);
    },
    { stage: 'pad' },
  );
}
