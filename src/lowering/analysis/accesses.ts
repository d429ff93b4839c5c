import { type Linear, linearOf } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, int, mul } from '../../ir/builders.ts';
import type { Expr, LoadExpr } from '../../ir/nodes.ts';
import { walkExpr } from '../../ir/visit.ts';
import { type BlockNode, type Body, walkBlocks } from '../tree.ts';
import { loadsOf, type Region, regionIndex } from './regions.ts';

/** The lane of a subgroup that has the element which another lane reads. */
export interface Exchange {
  /** The lane's number in its group of lanes. */
  readonly lane: Expr;
  /** Lanes of a group. */
  readonly lanes: number;
  /** Whether a group is a whole subgroup on this device, so that a lane has the same number in both. */
  readonly whole: boolean;
}

/** One load or store, with its index inside its region. */
export interface FlatAccess {
  readonly block: BlockNode;
  readonly region: Region;
  readonly isWrite: boolean;
  /** Linear forms of the index in each dimension. */
  readonly dims: readonly Linear[];
  /** Row-major, in elements of the region, simplified. */
  readonly flat: Expr;
  readonly clamped: boolean;
  /** Whether it is loaded to become a position. */
  readonly isPosition: boolean;
  /** The lane that has the element; null where the invocation itself has it. */
  readonly exchange: Exchange | null;
}

export interface BlockAccesses {
  /** In the order of the block's writes. */
  readonly writes: readonly FlatAccess[];
  readonly loads: ReadonlyMap<LoadExpr, FlatAccess>;
}

/** The loads inside of the indices of loads. */
function positionsIn(loads: Iterable<LoadExpr>): Set<LoadExpr> {
  const found = new Set<LoadExpr>();
  for (const { indices } of loads)
    for (const index of indices)
      if (index.kind !== 'var' && index.kind !== 'int')
        walkExpr(index, (node) => {
          if (node.kind === 'load') found.add(node);
        });
  return found;
}

/** Pass 5: the flat index of every access, in the compacted regions. */
export function flattenAccesses(body: Body, regions: ReadonlyMap<string, Region>): Map<BlockNode, BlockAccesses> {
  const all = new Map<BlockNode, BlockAccesses>();
  walkBlocks(body, (block) => {
    const make = (buffer: string, indices: readonly Expr[], isWrite: boolean, clamped: boolean): FlatAccess => {
      const region = regions.get(buffer) as Region;
      const inside = indices.map((index, d) => regionIndex(region, d, index, block));
      let flat: Expr = int(0);
      inside.forEach((index, d) => {
        const stride = region.strides[d] as number;
        flat = add(flat, stride === 1 ? index : mul(index, int(stride)));
      });
      const dims = inside.map(linearOf);
      return {
        block,
        region,
        isWrite,
        dims,
        flat: simplify(flat, block.ranges),
        clamped,
        isPosition: false,
        exchange: null,
      };
    };
    const loads = new Map<LoadExpr, FlatAccess>();
    for (const load of loadsOf(block)) loads.set(load, make(load.buffer, load.indices, false, block.clamped.has(load)));
    for (const load of positionsIn(loads.keys()))
      loads.set(load, { ...(loads.get(load) as FlatAccess), isPosition: true });
    all.set(block, { writes: block.writes.map((write) => make(write.buffer, write.indices, true, false)), loads });
  });
  return all;
}
