import { isPowerOfTwo, laneAxisOf, reducesAcross } from '../../ir/loop-modes.ts';
import type { Block, Buffer, For, LoopMode, Program, Scope } from '../../ir/nodes.ts';
import { readsOf, usesVar, walkStmt } from '../../ir/visit.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { blocksUnder, writersOf } from './find.ts';
import { reducesOver, requireUnordered } from './loops.ts';

/** True when the block's place in its domain, or whether it runs there, depends on the loop. */
export function drivenBy(block: Block, loop: string): boolean {
  return block.iters.some((iter) => usesVar(iter.binding, loop)) || block.predicate.some((p) => usesVar(p, loop));
}

/**
 * Refuses an axis that is in use already. A workgroup axis serves one loop of a nest. An invocation axis may serve loops inside one
 * another, but the inner one enumerates the same invocations again, so that a block driven by both would run only where the two agree.
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
  const axis = laneAxisOf(to);
  let clash: { block: Block; other: For } | undefined;
  walkStmt(loop, (node, inner) => {
    if (node.kind !== 'block' || !drivenBy(node, loop.name)) return;
    const other = [...around, ...inner].find(
      (candidate) => laneAxisOf(candidate.mode) === axis && drivenBy(node, candidate.name),
    );
    if (other !== undefined) clash ??= { block: node, other };
  });
  const found = clash;
  if (found === undefined) return null;
  return refuse(
    'axis-taken',
    () =>
      `${found.other.mode} is already bound to ${found.other.name}, which drives block ${found.block.name} as ${loop.name} does`,
    () => 'fuse the two loops, or take another axis',
  );
}

/** The first loop below a loop that the question is true of. */
export function loopUnder(loop: For, question: (other: For) => boolean): For | undefined {
  let found: For | undefined;
  walkStmt(loop.body, (node) => {
    if (node.kind === 'for' && question(node)) found ??= node;
  });
  return found;
}

/**
 * Refuses to run iterations of a loop at once where they meet in storage: either they write the same elements, or one block writes
 * elements that another reads (storage is not coherent between invocations without barriers, and never between workgroups).
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

/**
 * Refuses a loop that cannot run on the lanes of a subgroup. Lanes exchange values in pairs, so there must be 2^n of them; where they share
 * a reduction, all their terms must be of one element, and each lane gets the result for itself.
 */
export function requireSubgroup(program: Program, loop: For): Refusal | null {
  if (!isPowerOfTwo(loop.extent))
    return refuse(
      'subgroup-extent',
      () => `loop ${loop.name} runs ${loop.extent} times; expected a power of two to run on the lanes of a subgroup`,
      () => `split ${loop.name} by the number of lanes and bind the inner loop`,
    );
  const blocks = blocksUnder(loop);
  const ordered = requireUnordered(loop, blocks);
  if (ordered !== null) return ordered;
  for (const block of blocks) {
    if (!reducesOver(block, loop.name)) continue;
    const mixed = block.iters.find((iter) => iter.type !== 'reduction' && usesVar(iter.binding, loop.name));
    if (mixed !== undefined)
      return refuse(
        'loop-also-spatial',
        () => `loop ${loop.name} drives the reduction of block ${block.name} and also its spatial iter ${mixed.name}`,
        () => 'split spatial and reduction loops apart',
      );
    const shared = sharedTarget(program, block);
    if (shared !== undefined)
      return refuse(
        'subgroup-target',
        () =>
          `block ${block.name} writes ${shared.name} ${placeOfScope[shared.scope]}; every lane of a subgroup gets the result of its reduction, so that is private`,
        () => `cacheWrite(${block.name}, private) first, or setScope(${shared.name}, private)`,
      );
  }
  return null;
}

const placeOfScope: Record<Scope, string> = {
  storage: 'in storage',
  workgroup: 'in workgroup memory',
  subgroup: 'spread over the lanes of a subgroup',
  private: 'in private memory',
};

function sharedTarget(program: Program, block: Block): Buffer | undefined {
  return program.buffers.find(
    (buffer) => buffer.scope !== 'private' && block.writes.some((write) => write.buffer === buffer.name),
  );
}

/** Refuses to move a buffer out of private memory where the lanes of a subgroup reduce into it. */
export function requireNoLanesReduceInto(program: Program, buffer: string): Refusal | null {
  const site = writersOf(program, buffer).find(({ block, around }) =>
    around.some((loop) => reducesAcross(block, loop)),
  );
  if (site === undefined) return null;
  return refuse(
    'subgroup-target',
    () => `block ${site.block.name} reduces across the lanes of a subgroup into ${buffer}, which is therefore private`,
    () => 'let a block of its own copy it: cacheWrite before bind',
  );
}
