import { addTerm, exprOfLinear, linearOf, type Term } from '../arithmetic/linear.ts';
import { type Span, unionSpan } from '../arithmetic/region.ts';
import { simplify } from '../arithmetic/simplify.ts';
import { add, int } from '../ir/builders.ts';
import type { Expr } from '../ir/nodes.ts';
import { varsOf } from '../ir/visit.ts';
import { type IndexFunction, indexFunction } from './index-function.ts';
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

/** What a block covers because some of its conjuncts stop it. */
export interface Stopped {
  readonly stops: readonly Expr[];
  readonly spans: readonly Span[];
}

/** Instances that are tried at most: more than any workgroup memory holds elements. */
const maxInstances = 1 << 16;

/**
 * A cooperative copy numbers the elements of its tile, and when lanes and vectors do not divide their number a guard `e < E` stops it;
 * the span of its index alone does not know. Whether the lanes and rounds that pass the guard stay inside the tile is a question about a
 * few thousand numbers, so they are tried. Returns what they cover, or null when no guard makes it less than `spans`, or when they leave gaps.
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
  const names = [...new Set([...stops, ...(moving as Expr[])].flatMap((expr) => [...varsOf(expr)]))];
  const extents = names.map((name) => (block.ranges.get(name)?.max ?? Number.POSITIVE_INFINITY) + 1);
  if (extents.reduce((product, extent) => product * extent, 1) > maxInstances) return null;
  const passes = functionsOf(stops, names);
  const positions = functionsOf(moving as Expr[], names);
  if (passes === null || positions === null) return null;
  const box = boxOf(extents, passes, positions);
  if (box === null || box.every(({ extent }, d) => extent >= (spans[d] as Span).extent)) return null;
  return {
    stops,
    spans: box.map(({ low, extent }, d) => ({
      base: simplify(add(fixed[d] as Expr, int(low)), block.ranges),
      extent,
    })),
  };
}

/** Whether an expression's variables, of which it has some, are all among these. */
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

function functionsOf(exprs: readonly Expr[], names: readonly string[]): IndexFunction[] | null {
  const functions = exprs.map((expr) => indexFunction(expr, names));
  return functions.includes(null) ? null : (functions as IndexFunction[]);
}

/** The box that the instances which pass fill without gaps, or null. Thousands of instances are tried: no text, no objects on the way. */
function boxOf(
  extents: readonly number[],
  passes: readonly IndexFunction[],
  positions: readonly IndexFunction[],
): { low: number; extent: number }[] | null {
  const rank = positions.length;
  const low = positions.map(() => Number.POSITIVE_INFINITY);
  const high = positions.map(() => Number.NEGATIVE_INFINITY);
  const reached = new Int32Array(extents.reduce((product, extent) => product * extent, rank));
  const values = extents.map(() => 0);
  let count = 0;
  for (let done = false; !done; done = !advance(values, extents)) {
    if (!passesAll(passes, values)) continue;
    for (let d = 0; d < rank; d++) {
      const position = (positions[d] as IndexFunction)(values);
      reached[count * rank + d] = position;
      if (position < (low[d] as number)) low[d] = position;
      if (position > (high[d] as number)) high[d] = position;
    }
    count++;
  }
  if (count === 0) return null;
  const box = low.map((from, d) => ({ low: from, extent: (high[d] as number) - from + 1 }));
  const volume = box.reduce((product, { extent }) => product * extent, 1);
  // Fewer instances than places leave gaps, whatever they reach.
  if (volume > count) return null;
  const filled = new Uint8Array(volume);
  let places = 0;
  for (let instance = 0; instance < count; instance++) {
    let place = 0;
    for (let d = 0; d < rank; d++) {
      const { low: from, extent } = box[d] as { low: number; extent: number };
      place = place * extent + (reached[instance * rank + d] as number) - from;
    }
    if (filled[place] === 0) places++;
    filled[place] = 1;
  }
  return places === volume ? box : null;
}

function passesAll(passes: readonly IndexFunction[], values: readonly number[]): boolean {
  for (const pass of passes) if (pass(values) === 0) return false;
  return true;
}

/** The next of all combinations; false after the last. */
function advance(values: number[], extents: readonly number[]): boolean {
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] as number) + 1;
    if ((values[i] as number) < (extents[i] as number)) return true;
    values[i] = 0;
  }
  return false;
}
