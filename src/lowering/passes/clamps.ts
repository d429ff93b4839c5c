import { boundsOf } from '../../arithmetic/bounds.ts';
import { constantDifference } from '../../arithmetic/linear.ts';
import { binary, cast, int, select, variable } from '../../ir/builders.ts';
import type { Expr, LoadExpr } from '../../ir/nodes.ts';
import { mapChildren, usesVar } from '../../ir/visit.ts';
import { type Bounded, upperBound } from '../analysis/domain.ts';
import type { Region } from '../analysis/regions.ts';
import { alignedBase } from '../analysis/vector-lanes.ts';
import type { BlockNode, LoopNode } from '../tree.ts';

/**
 * Clamps loads whose index may leave the buffer, because a conjunct that kept it inside is gone (`lost`), or because only a select keeps
 * it inside (both branches of a select are evaluated). In a reduction each index is clamped by itself, so that the clamp moves out of the
 * reduction's loops with its variables; elsewhere the flat index is clamped, which costs one operation. Compacted memory needs no clamps,
 * because it holds an element for every instance, in-domain or not.
 */
export function clampLoads(
  block: BlockNode,
  vector: LoopNode | null,
  regions: ReadonlyMap<string, Region>,
  lost: boolean,
): BlockNode {
  const guards = block.guards.flatMap((guard) => upperBound(guard) ?? []);
  const clamped = new Set<LoadExpr>();
  const visit = (expr: Expr, selected: boolean): Expr => {
    if (expr.kind === 'select') {
      const condition = visit(expr.condition, selected);
      return select(condition, visit(expr.then, true), visit(expr.otherwise, true));
    }
    const node = mapChildren(expr, (child) => visit(child, selected));
    if (node.kind !== 'load' || !(selected || lost)) return node;
    const region = regions.get(node.buffer);
    if (region === undefined) return node;
    const shape = region.buffer.shape;
    const outside = node.indices.map(
      (index, d) => region.whole[d] && !isInside(index, shape[d] as number, guards, block),
    );
    if (!outside.includes(true)) return node;
    // Beyond the end of one copy of a tile lies the other copy, which is being written: a clamp of the flat index would not keep out of it.
    const takesTurns = region.buffer.scope === 'workgroup' && node.indices.some(isRemainder);
    if ((!selected && block.reducer !== null) || takesTurns) {
      const indices = node.indices.map((index, d) =>
        outside[d] ? clampIndex(index, shape[d] as number, vector, block) : index,
      );
      return { ...node, indices };
    }
    const copy = { ...node };
    clamped.add(copy);
    return copy;
  };
  const writes = block.writes.map((write) => ({ ...write, value: visit(write.value, block.fill.length > 0) }));
  return { ...block, writes, clamped };
}

const isRemainder = (index: Expr): boolean => index.kind === 'binary' && index.op === 'mod';

function isInside(index: Expr, extent: number, guards: readonly Bounded[], block: BlockNode): boolean {
  if (boundsOf(index, block.ranges).min < 0) return false;
  return maxUnder(index, guards, block) < extent;
}

/** The largest value of an index where the guards hold; finds a guard's expression in the index, also under a division. */
function maxUnder(index: Expr, guards: readonly Bounded[], block: BlockNode): number {
  let max = boundsOf(index, block.ranges).max;
  for (const { expr, limit } of guards) {
    const offset = constantDifference(index, expr);
    if (offset !== null) max = Math.min(max, limit - 1 + offset);
  }
  if (index.kind === 'binary' && index.op === 'div' && index.b.kind === 'int')
    max = Math.min(max, Math.floor(maxUnder(index.a, guards, block) / index.b.value));
  return max;
}

function clampIndex(index: Expr, extent: number, vector: LoopNode | null, block: BlockNode): Expr {
  if (vector !== null && usesVar(index, vector.name)) {
    const base = extent % vector.extent === 0 ? alignedBase(index, vector.name, vector.extent) : null;
    if (base !== null)
      return binary('add', clampIndex(base, extent - vector.extent + 1, null, block), variable(vector.name));
  }
  // In the kernel a negative index wraps to a large one: the cast says so, and keeps index arithmetic from reasoning about it.
  const { min } = boundsOf(index, block.ranges);
  return binary('min', min < 0 ? cast('u32', index) : index, int(extent - 1));
}
