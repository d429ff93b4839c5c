import { boundsOf } from '../../arithmetic/bounds.ts';
import { exprOfLinear } from '../../arithmetic/linear.ts';
import type { Expr } from '../../ir/nodes.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import type { BlockNode } from '../tree.ts';
import type { BlockAccesses, FlatAccess } from './accesses.ts';

type Accesses = ReadonlyMap<BlockNode, BlockAccesses>;

/**
 * Parts of one grid run at once, in workgroups of their own: no part may read or write an element that another one writes, and each must
 * itself have written what it reads in workgroup or private memory.
 */
export function checkParts(parts: readonly Accesses[]): Refusal | null {
  if (parts.length === 1) return null;
  const byPart = parts.map((part) => [...part.values()].flatMap(({ loads, writes }) => [...loads.values(), ...writes]));
  for (const part of byPart) {
    const written = new Set(part.filter(({ isWrite }) => isWrite).map(({ region }) => region.buffer));
    const stray = part.find(({ region }) => region.buffer.scope !== 'storage' && !written.has(region.buffer));
    if (stray !== undefined)
      return refuse(
        'parts-meet',
        () =>
          `block ${stray.block.name} reads ${stray.region.buffer.scope} buffer ${stray.region.buffer.name}, which is written in a workgroup loop beside its own`,
        () => 'workgroup loops side by side are parts of one grid: no workgroup runs two of them',
      );
  }
  for (const [i, part] of byPart.entries()) {
    for (const write of part) {
      if (!write.isWrite || write.region.buffer.scope !== 'storage') continue;
      const others = byPart.filter((_, j) => j !== i).flat();
      const met = others.find((other) => other.region.buffer === write.region.buffer && !apart(write, other));
      if (met !== undefined)
        return refuse(
          'parts-meet',
          () =>
            `block ${met.block.name} ${met.isWrite ? 'writes' : 'reads'} elements of ${write.region.buffer.name} that block ${write.block.name} writes in a workgroup loop beside its own`,
          () => 'workgroup loops side by side are parts of one grid and run at once',
        );
    }
  }
  return null;
}

/** Whether two accesses touch different elements because their indices lie in different ranges. */
function apart(a: FlatAccess, b: FlatAccess): boolean {
  const disjoint = (x: Expr, y: Expr): boolean => {
    const one = boundsOf(x, a.block.ranges);
    const two = boundsOf(y, b.block.ranges);
    return one.max < two.min || two.max < one.min;
  };
  return (
    disjoint(a.flat, b.flat) ||
    a.dims.some((dim, d) => disjoint(exprOfLinear(dim), exprOfLinear(b.dims[d] as typeof dim)))
  );
}
