import { axes } from '../../ir/nodes.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import type { BlockNode, KernelTree } from '../tree.ts';
import type { BlockAccesses, FlatAccess } from './accesses.ts';
import type { Region } from './regions.ts';
import { sameLane } from './same-lane.ts';

/**
 * No barrier orders storage between workgroups, and none is placed for storage within one: a kernel may read a storage buffer that it writes
 * only where each invocation provably reads what it wrote itself.
 */
export function checkStorage(tree: KernelTree, accesses: ReadonlyMap<BlockNode, BlockAccesses>): Refusal | null {
  const lanes = [
    ...axes.filter((_, i) => (tree.workgroupSize[i] as number) > 1).map((axis) => `lid.${axis}`),
    ...axes
      .map((axis) => `wg.${axis}`)
      .filter((id) => (tree.ranges.get(id)?.max ?? 0) > (tree.ranges.get(id)?.min ?? 0)),
  ];
  const byRegion = new Map<Region, { readonly access: FlatAccess; readonly reads: boolean }[]>();
  for (const { loads, writes } of accesses.values()) {
    for (const access of [...loads.values(), ...writes]) {
      if (access.region.buffer.scope !== 'storage') continue;
      const reads = !access.isWrite || access.block.reducer !== null;
      const list = byRegion.get(access.region);
      if (list === undefined) byRegion.set(access.region, [{ access, reads }]);
      else list.push({ access, reads });
    }
  }
  for (const [region, list] of byRegion) {
    const writes = list.filter(({ access }) => access.isWrite);
    const readers = list.filter(({ reads }) => reads);
    for (const write of writes) {
      for (const reader of readers) {
        if (sameLane(write.access, reader.access, lanes, new Set())) continue;
        return refuse(
          'storage-within-kernel',
          () =>
            `block ${reader.access.block.name} reads storage buffer ${region.buffer.name}, which block ${write.access.block.name} of the same kernel writes from other invocations`,
          () => 'make them two kernels, or keep the intermediate in workgroup memory',
        );
      }
    }
  }
  return null;
}
