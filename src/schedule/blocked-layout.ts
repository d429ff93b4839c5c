import { z } from 'zod';
import type { Ranges } from '../arithmetic/bounds.ts';
import { floorDiv, floorMod } from '../arithmetic/linear.ts';
import { simplify } from '../arithmetic/simplify.ts';
import type { Buffer, Expr } from '../ir/nodes.ts';
import { type Refusal, refuse } from '../support/refusal.ts';

/** A dimension of the new buffer: a whole dimension of the old one, or its blocks, or the places in a block. */
interface LaidOutDimension {
  readonly of: number;
  readonly part: 'whole' | 'blocks' | 'places';
  readonly extent: number;
  /** Elements of a block; 1 for a whole dimension. */
  readonly block: number;
}

/** Per dimension the size of its blocks, or null where it stays whole. */
export const blocksArg = z.array(z.int().min(2).nullable()).min(1).max(8);
/** The dimensions after blocking (outer part first), by position, in their new order. */
export const orderArg = z.array(z.int().min(0)).min(1).max(16);

/** The dimensions of a buffer in blocks and in another order, or what is wrong with the wish. */
export function blockedLayout(
  { name, shape }: Buffer,
  blocks: readonly (number | null)[],
  order: readonly number[],
): readonly LaidOutDimension[] | Refusal {
  if (blocks.length !== shape.length)
    return refuse(
      'rank',
      () => `${name} has ${shape.length} dimensions, got ${blocks.length} block sizes; expected one each or null`,
    );
  const large = blocks.findIndex((block, d) => block !== null && block > (shape[d] as number));
  if (large >= 0)
    return refuse(
      'block-too-large',
      () => `dimension ${large} of ${name} has ${shape[large]} elements, fewer than a block of ${blocks[large]}`,
    );
  const split = shape.flatMap((extent, of): LaidOutDimension[] => {
    const block = blocks[of] ?? null;
    if (block === null) return [{ of, part: 'whole', extent, block: 1 }];
    return [
      { of, part: 'blocks', extent: Math.ceil(extent / block), block },
      { of, part: 'places', extent: block, block },
    ];
  });
  const sorted = [...order].sort((a, b) => a - b);
  if (sorted.length !== split.length || sorted.some((position, i) => position !== i))
    return refuse(
      'no-permutation',
      () => `the order ${order.join(', ')} does not name each of 0 to ${split.length - 1} once`,
    );
  return order.map((position) => split[position] as LaidOutDimension);
}

/** Where the element at some indices of the old buffer lies in the new one. */
export function laidOut(
  dimensions: readonly LaidOutDimension[],
  indices: readonly Expr[],
  ranges: Ranges,
): readonly Expr[] {
  return dimensions.map(({ of, part, block }) => {
    const index = indices[of] as Expr;
    if (part === 'whole') return index;
    return simplify(part === 'blocks' ? floorDiv(index, block) : floorMod(index, block), ranges);
  });
}
