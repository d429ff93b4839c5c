import type { Value } from './definition.ts';
import { and, constant, gt, lt, select } from './expression.ts';

/**
 * A row's sum of exponentials less its maximum, or NaN where the row holds a NaN or a +inf or nothing but -inf. Otherwise the sum is
 * finite and at least 1 (the term of the maximum). A NaN or +inf makes one of the terms NaN or, on some devices, infinite, whatever the
 * maximum was; a row of -inf makes the sum NaN, or 0 in a single pass. So one check per row, which costs nothing, spares checks in inner loops.
 */
export function unlessBroken(sum: Value): Value {
  const whole = and(gt(sum, 0), lt(sum, Number.POSITIVE_INFINITY));
  return select(whole, sum, constant(Number.NaN, sum.dtype));
}
