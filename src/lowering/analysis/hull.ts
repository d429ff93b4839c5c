import { boundsOf, type Ranges } from '../../arithmetic/bounds.ts';
import { addTerm, exprOfLinear, linearOf, type Term } from '../../arithmetic/linear.ts';
import { type Span, unionSpan } from '../../arithmetic/region.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, int, sub } from '../../ir/builders.ts';
import type { Expr } from '../../ir/nodes.ts';
import { varsOf } from '../../ir/visit.ts';
import type { BlockNode } from '../tree.ts';
import { filledBox } from './filled-box.ts';

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
 * Whether spans lie within another one although their distance from its base is not constant, as those of a reader that picks an element
 * from its lane's own copy.
 */
export function liesWithin(spans: readonly Span[], holder: Span, ranges: Ranges): boolean {
  return spans.every(({ base, extent }) => {
    const { min, max } = boundsOf(simplify(sub(base, holder.base), ranges), ranges);
    return min >= 0 && max + extent <= holder.extent;
  });
}

/** The spans that a block covers, and the conjuncts that stop it there. */
interface Stopped {
  readonly stops: readonly Expr[];
  readonly spans: readonly Span[];
}

/**
 * A cooperative copy numbers the elements of its tile, and where lanes and vectors do not divide that number a guard `e < E` stops it, which
 * the span of its index alone does not show. Whether the lanes and rounds that pass the guard stay inside the tile is a question about a
 * few thousand numbers, so they are tried. Returns what they cover; null when no guard makes that less than `spans`, or when they leave gaps.
 */
export function stopped(
  block: BlockNode,
  indices: readonly Expr[],
  spans: readonly Span[],
  relaxed: ReadonlySet<string>,
): Stopped | null {
  const stops = block.predicate.filter((conjunct) => standsIn(conjunct, relaxed));
  if (stops.length === 0) return null;
  const parts = indices.map((index) => split(simplify(index, block.ranges), relaxed));
  if (parts.includes(null)) return null;
  const { fixed, moving } = { fixed: parts.map((part) => part?.fixed), moving: parts.map((part) => part?.moving) };
  const extentOf = (name: string): number => (block.ranges.get(name)?.max ?? Number.POSITIVE_INFINITY) + 1;
  const box = filledBox(stops, moving as Expr[], extentOf);
  if (box === null || box.every(({ extent }, d) => extent >= (spans[d] as Span).extent)) return null;
  return {
    stops,
    spans: box.map(({ low, extent }, d) => ({
      base: simplify(add(fixed[d] as Expr, int(low)), block.ranges),
      extent,
    })),
  };
}

/** Whether an expression has variables, and all of them are among these. */
function standsIn(expr: Expr, names: ReadonlySet<string>): boolean {
  const own = [...varsOf(expr)];
  return own.length > 0 && own.every((name) => names.has(name));
}

/** An index as the part that stands still and the part that moves; null where an atom mixes both. */
function split(index: Expr, relaxed: ReadonlySet<string>): { fixed: Expr; moving: Expr } | null {
  const linear = linearOf(index);
  const [fixed, moving] = [new Map<string, Term>(), new Map<string, Term>()];
  for (const { atom, coefficient } of linear.terms.values()) {
    const own = [...varsOf(atom)];
    if (own.every((name) => !relaxed.has(name))) addTerm(fixed, atom, coefficient);
    else if (own.every((name) => relaxed.has(name))) addTerm(moving, atom, coefficient);
    else return null;
  }
  return {
    fixed: exprOfLinear({ terms: fixed, constant: linear.constant }),
    moving: exprOfLinear({ terms: moving, constant: 0 }),
  };
}
