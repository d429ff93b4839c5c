import { constantDifference } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import type { Expr } from '../../ir/nodes.ts';
import type { BlockNode } from '../tree.ts';
import type { Region } from './regions.ts';

/** `expr < limit`. */
export interface Bounded {
  readonly expr: Expr;
  readonly limit: number;
}

/** A condition as an upper bound by a constant, or null where it is none. */
export function upperBound(condition: Expr): Bounded | null {
  if (condition.kind !== 'binary') return null;
  const { op, a, b } = condition;
  if (b.kind === 'int' && op === 'lt') return { expr: a, limit: b.value };
  if (b.kind === 'int' && op === 'le') return { expr: a, limit: b.value + 1 };
  if (a.kind === 'int' && op === 'gt') return { expr: b, limit: a.value };
  if (a.kind === 'int' && op === 'ge') return { expr: b, limit: a.value + 1 };
  return null;
}

/** Whether a conjunct says `binding < extent` of an iter. */
export function statesDomain(
  conjunct: Expr,
  iter: { readonly binding: Expr; readonly extent: number },
  block: BlockNode,
): boolean {
  const bound = upperBound(conjunct);
  if (bound === null) return false;
  const offset = constantDifference(iter.binding, bound.expr);
  if (offset !== null) return bound.limit + offset === iter.extent;
  const again = constantDifference(simplify(iter.binding, block.ranges), simplify(bound.expr, block.ranges));
  return again !== null && bound.limit + again === iter.extent;
}

/**
 * The conjuncts whose failing instances only write elements that nothing reads: such a conjunct says that a spatial iter is inside its extent,
 * and the iter itself is an index of everything the block writes, in memory that is large enough for all instances.
 */
export function droppable(block: BlockNode, regions: ReadonlyMap<string, Region>): ReadonlySet<Expr> {
  const found = new Set<Expr>();
  for (const conjunct of block.predicate) {
    const iter = block.iters.find((candidate) => !candidate.reduction && statesDomain(conjunct, candidate, block));
    if (iter === undefined) continue;
    const everywhere = block.writes.every((write) => {
      const region = regions.get(write.buffer);
      if (region === undefined || region.buffer.scope === 'storage') return false;
      if (region.stops.has(conjunct)) return false;
      return write.iters.some((name, d) => name === iter.name && !region.whole[d]);
    });
    if (everywhere) found.add(conjunct);
  }
  return found;
}
