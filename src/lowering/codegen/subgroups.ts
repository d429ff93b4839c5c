import type { KExpr } from '../../ir/kernel.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import type { DType, ReduceOp } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockNode, type KernelTree, walkBlocks } from '../tree.ts';
import { type CombinedTerm, combineCode } from './combine.ts';
import { nameValue } from './elements.ts';
import type { Emission } from './emission.ts';
import { literal } from './types.ts';

/**
 * Whether the device can combine values of a subgroup's lanes, and whether all lanes take part: WGSL wants such operations executed by all
 * lanes of a subgroup, so the blocks must not stand under a guard. (Loops have constant extents and are no branches.)
 */
export function checkSubgroups(tree: KernelTree, limits: DeviceLimits): Refusal | null {
  let refused: Refusal | null = null;
  walkBlocks(tree.body, (block) => {
    if (block.across > 1) refused ??= checkBlock(block, limits);
  });
  return refused;
}

function checkBlock({ name, across, guards }: BlockNode, limits: DeviceLimits): Refusal | null {
  const least = limits.subgroupMinSize;
  if (across > least)
    return refuse(
      'subgroups',
      () =>
        least === 0
          ? `block ${name} reduces across ${across} lanes of a subgroup, and the device has no subgroups`
          : `block ${name} reduces across ${across} lanes of a subgroup, and the device's smallest subgroup has ${least}`,
      () =>
        `rfactor the reduction and share the partial results in workgroup memory instead${least > 1 ? `, or split by at most ${least}` : ''}`,
    );
  const [guard] = guards;
  if (guard === undefined) return null;
  return refuse(
    'subgroup-in-branch',
    () =>
      `block ${name} reduces across lanes of a subgroup but runs only where ${printExpr(guard)}; expected all invocations of the workgroup to run it`,
    () => 'take loops of as many iterations as the workgroup has invocations along their axis, or leave them unbound',
  );
}

/**
 * The combined terms of all lanes, in every lane: in each of log2(lanes) rounds a lane combines its value with that of the lane at a distance
 * of 1, 2, 4 ... As only bits below the number of lanes differ, larger subgroups hold several such groups side by side.
 */
export function combineLanes(
  emission: Emission,
  block: BlockNode,
  op: ReduceOp,
  terms: readonly KExpr[],
  dtypes: readonly DType[],
): readonly KExpr[] {
  const hint = `${block.name}_lanes`;
  let held = terms.map((term) => nameValue(emission, term, hint));
  for (let distance = 1; distance < block.across; distance *= 2) {
    const both = held.map((value, i): CombinedTerm => {
      const other: KExpr = {
        kind: 'exchange',
        type: value.type,
        how: 'xor',
        value,
        lane: literal(distance),
        lanes: block.across,
        whole: false,
      };
      return { old: value, added: other, dtype: dtypes[i] as DType, oldName: hint, addedName: hint };
    });
    held = combineCode(emission, op, both, hint).map((value) => nameValue(emission, value, hint));
  }
  return held;
}
