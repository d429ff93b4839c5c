import {
  above,
  ceilQuotient,
  choose,
  type Formula,
  min,
  minus,
  product,
  remainder,
  sum,
} from '../../arithmetic/formula.ts';
import { copiedElements, copyReaches } from '../copies.ts';
import type { AccessInfo } from '../stage.ts';
import { type Axis, type StageNest, tileOf } from '../tiling.ts';
import { mostWrittenRounds } from './traffic.ts';

/** What one vector of guarded or filled elements costs beside each element's select: a comparison, its `and`, the clamped address. */
export const guardOperations = 3;
/** A division, a remainder and their places in the address, for each dimension that a running index is taken apart into. */
const partOperations = 4;

/**
 * A tile's copy by all invocations of a workgroup, each of which loads and stores `width` elements per round. Every round takes the running
 * index apart into the tile's dimensions anew, except for dimensions that the stride of a round passes through a whole number of times.
 */
export function copyLength(
  nest: StageNest,
  q: number,
  invocations: Formula,
  width: Formula,
  isGuarded: Formula,
  /** What the invocations copy together, and the most rounds that are written out. */
  size: (axis: Axis) => Formula = tileOf,
  mostWritten = mostWrittenRounds,
): Formula {
  const read = nest.reads[q] as AccessInfo;
  const count = ceilQuotient(copiedElements(nest, q, size), product(invocations, width));
  const rounds = choose(above(count, mostWritten), 1, count);
  let [first, again]: Formula[] = [2, 2];
  let period: Formula = 1;
  for (const { reach: whole, extent } of [...copyReaches(nest, q, size)].reverse()) {
    const reach = min(whole, extent);
    period = product(period, reach);
    const part = product(partOperations, above(reach, 1));
    first = sum(first as Formula, part);
    again = sum(again as Formula, product(part, above(remainder(product(invocations, width), period), 0)));
  }
  const each = sum(
    product(width, 2 + read.computed),
    choose(isGuarded, sum(guardOperations, width), 0),
    read.computed > 0 ? 1 : 0,
  );
  return sum(first as Formula, product(minus(rounds, 1), again as Formula), product(rounds, each));
}
