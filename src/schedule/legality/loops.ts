import type { Block, For } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { blocksUnder } from './find.ts';

/** Refuses a loop that has been bound, unrolled or vectorized already: its shape is final. */
export function requireSerial(loop: For): Refusal | null {
  if (loop.mode === 'serial') return null;
  return refuse(
    'loop-not-serial',
    () => `loop ${loop.name} is already ${loop.mode}; expected a serial loop`,
    () => 'do this before the loop is bound, unrolled or vectorized',
  );
}

/** The outermost of some loops that is bound to workgroups or invocations: everything inside it runs in one kernel. */
export function boundLoop(loops: readonly For[]): For | undefined {
  return loops.find((loop) => loop.mode.includes('.'));
}

/** True when the loop's variable takes part in a reduction iter of the block: its iterations are then not independent. */
export function reducesOver(block: Block, loop: string): boolean {
  return block.iters.some((iter) => iter.type === 'reduction' && usesVar(iter.binding, loop));
}

/** Refuses a loop whose iterations depend on each other through a reduction. */
export function requireParallel(loop: For): Refusal | null {
  const blocks = blocksUnder(loop);
  const ordered = requireUnordered(loop, blocks);
  if (ordered !== null) return ordered;
  const carrier = blocks.find((block) => reducesOver(block, loop.name));
  if (carrier === undefined) return null;
  return refuse(
    'loop-carries-reduction',
    () =>
      `loop ${loop.name} carries the reduction of block ${carrier.name}; expected a loop whose iterations are independent`,
    () => `rfactor ${carrier.name} over ${loop.name} first, or take one of its spatial loops`,
  );
}

/** Refuses a loop in whose iterations one of the blocks makes what the next one reads. */
export function requireUnordered(loop: For, blocks: readonly Block[]): Refusal | null {
  const block = blocks.find(({ iters }) =>
    iters.some((iter) => iter.type === 'ordered' && usesVar(iter.binding, loop.name)),
  );
  if (block === undefined) return null;
  return refuse(
    'loop-ordered',
    () =>
      `loop ${loop.name} keeps its order: in every iteration block ${block.name} makes what the next one reads; expected a loop whose iterations are independent`,
    () => 'do this before doubleBuffer',
  );
}
