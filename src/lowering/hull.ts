import { constantDifference } from '../arithmetic/linear.ts';
import { type Span, unionSpan } from '../arithmetic/region.ts';
import { simplify } from '../arithmetic/simplify.ts';
import { add, int, mul, sub } from '../ir/builders.ts';
import type { Expr } from '../ir/nodes.ts';
import { upperBound } from './domain.ts';
import type { BlockNode } from './tree.ts';

/** For each dimension the smallest span over all accesses, or null where their distance is not a constant. */
export function hullOf(all: readonly (readonly Span[])[]): (Span | null)[] {
  const [first, ...rest] = all;
  if (first === undefined) return [];
  return rest.reduce<(Span | null)[]>(
    (union, spans) => union.map((span, d) => (span === null ? null : unionSpan(span, spans[d] as Span))),
    [...first],
  );
}

/**
 * A cooperative copy numbers the elements of its tile, and when lanes and vectors do not divide their number a guard `e < E` stops it;
 * the span of its index alone does not know. When the position in the tile that is read, row-major, is the guard's `e` itself, the
 * copy stays inside that tile. Returns the guard, or null when the copy needs none or it cannot be shown.
 */
export function stopsInside(
  block: BlockNode,
  indices: readonly Expr[],
  spans: readonly Span[],
  tile: readonly (Span | null)[],
): Expr | null {
  if (tile.length === 0 || !tile.every((span) => span !== null)) return null;
  const extents = tile.map((span) => (span as Span).extent);
  const beyond = spans.map((span, d) => span.extent > (extents[d] as number));
  const outer = beyond.indexOf(true);
  if (outer < 0 || beyond.lastIndexOf(true) !== outer) return null;
  if (!spans.every((span, d) => constantDifference(span.base, (tile[d] as Span).base) === 0)) return null;
  if (extents.slice(0, outer).some((extent) => extent > 1)) return null;
  const size = extents.reduce((product, extent) => product * extent, 1);
  let position: Expr = int(0);
  indices.forEach((index, d) => {
    position = add(mul(position, int(extents[d] as number)), sub(index, (tile[d] as Span).base));
  });
  const flat = simplify(position, block.ranges);
  const stop = block.predicate.find((conjunct) => {
    const bound = upperBound(conjunct);
    return bound !== null && bound.limit <= size && constantDifference(flat, bound.expr) === 0;
  });
  return stop ?? null;
}
