import type { Block, For, LoopMode, Program } from '../../ir/nodes.ts';
import { readsOf, usesVar, walkStmt } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { blocksUnder } from './find.ts';

/** True when the block's place in its domain, or whether it runs there, depends on the loop. */
export function drivenBy(block: Block, loop: string): boolean {
  return block.iters.some((iter) => usesVar(iter.binding, loop)) || block.predicate.some((p) => usesVar(p, loop));
}

/**
 * Refuses an axis that is in use already. A workgroup axis serves one loop of a nest. An invocation axis may serve loops inside one
 * another, but the inner one enumerates the same invocations again: a block driven by both would run only where the two agree.
 */
export function requireAxisFree(loop: For, around: readonly For[], to: LoopMode): Refusal | null {
  if (to.startsWith('workgroup')) {
    const same = around.find((other) => other.mode === to) ?? loopUnder(loop, (other) => other.mode === to);
    if (same === undefined) return null;
    const where = around.includes(same) ? 'around' : 'inside';
    return refuse(
      'axis-taken',
      () => `${to} is already bound to ${same.name} ${where} ${loop.name}`,
      () => 'fuse the two loops, or take another axis',
    );
  }
  let clash: { block: Block; other: For } | undefined;
  walkStmt(loop, (node, inner) => {
    if (node.kind !== 'block' || !drivenBy(node, loop.name)) return;
    const other = [...around, ...inner].find((candidate) => candidate.mode === to && drivenBy(node, candidate.name));
    if (other !== undefined) clash ??= { block: node, other };
  });
  const found = clash;
  if (found === undefined) return null;
  return refuse(
    'axis-taken',
    () => `${to} is already bound to ${found.other.name}, which drives block ${found.block.name} as ${loop.name} does`,
    () => 'fuse the two loops, or take another axis',
  );
}

/** The first loop below a loop for which the question holds. */
export function loopUnder(loop: For, question: (other: For) => boolean): For | undefined {
  let found: For | undefined;
  walkStmt(loop.body, (node) => {
    if (node.kind === 'for' && question(node)) found ??= node;
  });
  return found;
}

/**
 * Refuses to run iterations at once that meet in storage: either they write the same elements, or one block writes there what
 * another reads (storage is not coherent between the invocations of a kernel without barriers, and never between workgroups).
 */
export function requireNoMeetingInStorage(program: Program, loop: For): Refusal | null {
  if (loop.extent === 1) return null;
  const storage = new Set(program.buffers.filter((buffer) => buffer.scope === 'storage').map((buffer) => buffer.name));
  const blocks = blocksUnder(loop);
  for (const block of blocks) {
    for (const write of block.writes) {
      if (!storage.has(write.buffer)) continue;
      const reader = blocks.find((other) => readsOf(other).some((read) => read.buffer === write.buffer));
      if (reader !== undefined) {
        return refuse(
          'storage-in-kernel',
          () =>
            `inside loop ${loop.name} block ${block.name} writes ${write.buffer} in storage and block ${reader.name} reads it; invocations could not see each other's part`,
          () => `setScope(${write.buffer}, workgroup) or private first`,
        );
      }
      if (!block.iters.some((iter) => iter.type === 'spatial' && usesVar(iter.binding, loop.name))) {
        return refuse(
          'same-element',
          () =>
            `all iterations of loop ${loop.name} write the same elements of ${write.buffer} in block ${block.name}; expected each to write its own`,
        );
      }
    }
  }
  return null;
}
