import type { For, Program } from '../../ir/nodes.ts';
import { readsOf } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { allBlocks, type BlockSite } from './find.ts';

/**
 * Refuses to take a block out of a loop in which what it reads is computed. `staying` are the loops that still stand around the
 * place it goes to. Its producer there computes only the region that one iteration of the loop needs, so elsewhere the block would
 * read elements of another iteration, or elements that nobody has computed yet.
 */
export function requireProducersFollow(program: Program, site: BlockSite, staying: readonly For[]): Refusal | null {
  const left = site.around.filter((loop) => !staying.includes(loop));
  if (left.length === 0) return null;
  const read = new Set(readsOf(site.block).map((access) => access.buffer));
  for (const other of allBlocks(program)) {
    if (other.block === site.block) continue;
    const loop = other.around.find((around) => left.includes(around));
    const write = other.block.writes.find((written) => read.has(written.buffer));
    if (loop === undefined || write === undefined) continue;
    return refuse(
      'producer-left-behind',
      () =>
        `block ${site.block.name} reads ${write.buffer}, which block ${other.block.name} computes inside loop ${loop.name}; expected a place inside ${loop.name}`,
      () => `move ${site.block.name} first and compute ${other.block.name} at its new loops`,
    );
  }
  return null;
}
