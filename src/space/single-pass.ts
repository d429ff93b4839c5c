import type { Program } from '../ir/nodes.ts';
import { readsOf } from '../ir/visit.ts';
import { allBlocks } from '../schedule/legality/find.ts';
import { applyStep } from '../schedule/replay.ts';
import { isRefusal } from '../support/refusal.ts';

/** Two reductions to be made one. */
export interface Merge {
  readonly first: string;
  readonly second: string;
}

/** A program whose dependent reductions are merged as far as possible, and the merges that made it. */
interface SinglePass {
  readonly program: Program;
  readonly merges: readonly Merge[];
}

/**
 * The rule of single passes: two reductions over the same elements, the second of which uses the first, become one. The primitive is asked
 * whether they can. `among` names the blocks that may be merged. Null where nothing can be merged.
 */
export function singlePass(plain: Program, among: ReadonlySet<string>): SinglePass | null {
  const merges: Merge[] = [];
  let program = plain;
  for (let next = firstMerge(program, among); next !== null; next = firstMerge(program, among)) {
    program = next.program;
    merges.push(next.merge);
  }
  return merges.length === 0 ? null : { program, merges };
}

function firstMerge(
  program: Program,
  among: ReadonlySet<string>,
): { readonly program: Program; readonly merge: Merge } | null {
  const reductions = allBlocks(program).flatMap(({ block }) =>
    block.reducer === null || !among.has(block.name) ? [] : [block],
  );
  for (const second of reductions) {
    const read = new Set(readsOf(second).map((access) => access.buffer));
    for (const first of reductions) {
      if (first === second || !first.writes.some((write) => read.has(write.buffer))) continue;
      const merge = { first: first.name, second: second.name };
      const merged = applyStep(program, { primitive: 'mergeReductions', args: { ...merge } });
      if (!isRefusal(merged)) return { program: merged, merge };
    }
  }
  return null;
}
