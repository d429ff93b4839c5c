import type { KExpr } from '../../ir/kernel.ts';
import type { Exchange } from '../analysis/accesses.ts';
import { type IndexForm, instanceOf } from '../analysis/index-form.ts';
import { type Emission, placeLet } from './emission.ts';
import { termsCode } from './index-code.ts';
import { literal, op, plus, u32 } from './types.ts';

/**
 * The number, in its subgroup, of the lane from which an exchange takes a value, and a text that is equal for equal lanes. Where a subgroup
 * may be larger than the group of lanes, the number counts from the group's first lane.
 */
export function laneCode(
  emission: Emission,
  laneForm: IndexForm,
  { lanes, whole }: Exchange,
): { readonly code: KExpr; readonly key: string } {
  const { form, constant } = instanceOf(laneForm, emission.iteration, emission.variables);
  const { expr, shift, key: terms } = termsCode(emission, form, 1, 'lane');
  const inGroup = plus(expr, constant - shift);
  const key = `${terms}${constant}`;
  if (whole) return { code: inGroup, key };
  const own: KExpr = { kind: 'subgroup-lane', type: u32 };
  const start = op('sub', own, op('bitAnd', own, literal(lanes - 1)));
  const first = placeLet(emission, 0, `first of ${lanes} lanes`, start, 'first_lane');
  return { code: inGroup.kind === 'literal' && inGroup.value === 0 ? first : op('add', first, inGroup), key };
}
