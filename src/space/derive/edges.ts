import {
  above,
  both,
  choose,
  equal,
  type Formula,
  floorQuotient,
  not,
  product,
  quotient,
  remainder,
} from '../../arithmetic/formula.ts';
import { type Axis, tileOf, tilesOf } from '../tiling.ts';

/** 1 where tiles of this size leave a rest of an axis: whole tiles do not cover it without one that reaches over the end. */
const leavesRest = (extent: number, tile: Formula): Formula =>
  both(above(extent, tile), above(remainder(extent, tile), 0));

/** Number of whole tiles of an axis where a partition cuts them off from the rest; 0 where no partition does. */
export function wholeTilesOf(axis: Axis): Formula {
  const tile = tileOf(axis);
  return choose(both(axis.cut ?? 0, leavesRest(axis.extent, tile)), floorQuotient(axis.extent, tile), 0);
}

/** Fraction of the work along an axis that needs no guard. */
export function unguardedOf(axis: Axis): Formula {
  if (axis.isExact) return 1;
  const tiles = tilesOf(axis);
  const isCovered = equal(product(tiles, tileOf(axis)), axis.extent);
  return choose(isCovered, 1, quotient(wholeTilesOf(axis), tiles));
}

/** True when some tile of these options leaves a rest, so that there is a choice. */
export function mayBeCut(extent: number, ...options: readonly (readonly number[])[]): boolean {
  const tiles = options.reduce<number[]>(
    (all, next) => all.flatMap((tile) => next.map((option) => tile * option)),
    [1],
  );
  return tiles.some((tile) => leavesRest(extent, tile) === 1);
}

/** For each axis of a reduction: 1 where it is the innermost that has several steps; along it tiles move from one step to the next. */
export function steppingAxes(axes: readonly Axis[]): Formula[] {
  const several = axes.map((axis) => above(tilesOf(axis), 1));
  return several.map((isSo, r) => both(isSo, ...several.slice(r + 1).map(not)));
}
