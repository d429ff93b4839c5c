import type { Value } from './definition.ts';
import { and, constant, gt, lt, select } from './expression.ts';

/**
 * A row's sum of exponentials less its maximum, or NaN where the row holds a NaN or a +inf or nothing but -inf. Of numbers the sum is at least
 * 1 (the maximum's own) and finite. A NaN or +inf makes one of its terms NaN or, on some devices, infinite, whichever of them the maximum
 * was; a row of -inf makes it that, or 0 in a single pass. So inner loops need not ask, and what is asked once per row costs nothing.
 */
export function unlessBroken(sum: Value): Value {
  const whole = and(gt(sum, 0), lt(sum, Number.POSITIVE_INFINITY));
  return select(whole, sum, constant(Number.NaN, sum.dtype));
}
