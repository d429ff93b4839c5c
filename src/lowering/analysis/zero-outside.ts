import { constantDifference } from '../../arithmetic/linear.ts';
import type { Expr, LoadExpr } from '../../ir/nodes.ts';
import { varsOf } from '../../ir/visit.ts';
import type { BlockNode, ResolvedIter } from '../tree.ts';
import { droppable, statesDomain } from './domain.ts';
import { loadsOf, type Region } from './regions.ts';

/**
 * Whether a sum's term is zero wherever `conjunct` fails: the term is a product, the conjunct says that a reduction iter is inside its
 * extent, and factors are read at that iter from tiles which their copies fill with zeros outside the same extent. Where only some factors
 * are, the term is zero if the others are finite; these are elements of a parameter or of a tile copied from one, and inputs may hold NaN or
 * infinity.
 *
 * The copy does reach the elements in question: its hull covers the whole region, and the pattern that it writes there does not depend on
 * where the tile stands (no guard of the copy does), so an edge tile is filled like an inner one.
 */
export function zeroOutside(
  conjunct: Expr,
  block: BlockNode,
  regions: ReadonlyMap<string, Region>,
  copies: ReadonlyMap<string, BlockNode>,
): 'yes' | 'if finite' | 'no' {
  const iter = block.iters.find((candidate) => candidate.reduction && statesDomain(conjunct, candidate, block));
  const value = block.writes[0]?.value;
  if (iter === undefined || value === undefined || block.writes.length !== 1) return 'no';
  const factors = factorsOf(value);
  if (factors === null || factors.length < 2) return 'no';
  if (!factors.every((factor) => finiteFactor(factor, regions, copies))) return 'no';
  if (factors.every((factor) => zeroBeyond(factor, iter, regions, copies))) return 'yes';
  return factors.some((factor) => zeroBeyond(factor, iter, regions, copies)) ? 'if finite' : 'no';
}

/**
 * Whether a copy stores zero by itself wherever `conjunct` fails, because it copies elements that are zero there, from a tile that was
 * filled with zeros outside the same extent (a register copy of a tile in workgroup memory).
 */
export function copiesZero(
  conjunct: Expr,
  block: BlockNode,
  regions: ReadonlyMap<string, Region>,
  copies: ReadonlyMap<string, BlockNode>,
): boolean {
  const iter = block.iters.find((candidate) => !candidate.reduction && statesDomain(conjunct, candidate, block));
  const value = block.writes[0]?.value;
  if (iter === undefined || value?.kind !== 'load' || block.writes.length !== 1) return false;
  return zeroBeyond(value, iter, regions, copies);
}

/** Whether a load reads a tile at an iter, and the tile's copy fills it with zeros where the iter is beyond its extent. */
function zeroBeyond(
  factor: LoadExpr,
  iter: ResolvedIter,
  regions: ReadonlyMap<string, Region>,
  copies: ReadonlyMap<string, BlockNode>,
): boolean {
  const region = regions.get(factor.buffer);
  const copy = copies.get(factor.buffer);
  if (region === undefined || copy === undefined) return false;
  const write = copy.writes[0];
  if (write === undefined || copy.writes.length !== 1 || !fillsRegion(copy, region, regions)) return false;
  return write.iters.some((name, d) => {
    const filled = copy.iters.find((candidate) => candidate.name === name);
    if (filled === undefined || filled.extent !== iter.extent || region.whole[d]) return false;
    if (constantDifference(factor.indices[d] as Expr, iter.binding) !== 0) return false;
    const free = droppable(copy, regions);
    return copy.predicate.some((other) => free.has(other) && statesDomain(other, filled, copy));
  });
}

/** The loads that a product multiplies, or null when the expression is no product of loads. */
function factorsOf(expr: Expr): LoadExpr[] | null {
  if (expr.kind === 'load') return [expr];
  if (expr.kind === 'cast') return factorsOf(expr.a);
  if (expr.kind !== 'binary' || expr.op !== 'mul') return null;
  const a = factorsOf(expr.a);
  const b = factorsOf(expr.b);
  return a === null || b === null ? null : [...a, ...b];
}

function finiteFactor(
  factor: LoadExpr,
  regions: ReadonlyMap<string, Region>,
  copies: ReadonlyMap<string, BlockNode>,
): boolean {
  const region = regions.get(factor.buffer);
  if (region?.buffer.scope === 'storage') return true;
  const copy = copies.get(factor.buffer);
  if (region === undefined || copy === undefined || !fillsRegion(copy, region, regions)) return false;
  return loadsOf(copy).every((load) => load.buffer !== factor.buffer && finiteFactor(load, regions, copies));
}

/** Whether a copy writes every element of its region: its hull is the region, wherever the tile stands. */
function fillsRegion(copy: BlockNode, region: Region, regions: ReadonlyMap<string, Region>): boolean {
  const spans = region.written.get(copy);
  if (spans === undefined || !spans.every((span, d) => span.extent === region.shape[d])) return false;
  const free = droppable(copy, regions);
  const moving = new Set<string>();
  for (const base of region.base) if (base !== null) varsOf(base, moving);
  return !copy.predicate.some((other) => !free.has(other) && [...varsOf(other)].some((name) => moving.has(name)));
}
