import type { Buffer, For, Program } from '../../ir/nodes.ts';
import { readsOf } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { allBlocks, type BlockSite, type LoopSite, ownNest } from './find.ts';
import { boundLoop } from './loops.ts';

/** Refuses to move a block into a loop of its own nest; `others` names, for the message, whose loop is expected. */
export function requireOthersLoop(site: BlockSite, { loop, around }: LoopSite, others: string): Refusal | null {
  const nest = ownNest(site);
  if (loop !== nest && !around.some((outer) => outer === nest)) return null;
  return refuse(
    'loop-of-the-block',
    () => `loop ${loop.name} is a loop of block ${site.block.name} itself; expected a loop of its ${others}`,
  );
}

/**
 * Refuses a loop inside which one block cannot make what another reads: in a kernel they cannot meet in storage, and a vectorized
 * or matrix loop holds only one block.
 */
export function requireMeetingPlace({ loop, around }: LoopSite, through: readonly Buffer[]): Refusal | null {
  const bound = boundLoop([...around, loop]);
  const stored = through.find((buffer) => buffer.scope === 'storage');
  if (stored !== undefined && bound !== undefined)
    return refuse(
      'storage-in-kernel',
      () =>
        `${stored.name} is in storage and loop ${bound.name} is ${bound.mode}; invocations could not see each other's part`,
      () => `setScope(${stored.name}, workgroup) or private first`,
    );
  if (loop.mode !== 'vectorized' && loop.mode !== 'matrix') return null;
  const what = loop.mode === 'matrix' ? 'a matrix loop' : 'vectorized';
  return refuse(
    loop.mode === 'matrix' ? 'loop-matrix' : 'loop-vectorized',
    () => `loop ${loop.name} is ${what} and holds one block; nothing can be computed inside it`,
    () => 'take a loop around it',
  );
}

/**
 * Refuses to take a block out of a loop in which its operand is computed. `staying` are the loops that also stand around the block's new
 * place. The producer computes only the region that one iteration of the loop needs, so outside the loop the block would read elements
 * of another iteration, or elements that have not been computed yet.
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
