import { laneAxisOf } from '../../ir/loop-modes.ts';
import type { For, LoopMode, Program } from '../../ir/nodes.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { drivenBy } from './binding.ts';
import { blocksUnder, readersOf, writersOf } from './find.ts';

/**
 * Refuses a buffer that the lanes of a subgroup could not hold together: its elements must be made in a loop over those lanes, which ends
 * before they are read, and other invocation loops around its writers must be around its readers too. `bound` is a loop that is about to be
 * bound.
 */
export function requireHeldByLanes(
  program: Program,
  buffer: string,
  bound: { readonly loop: For; readonly to: LoopMode } | null = null,
): Refusal | null {
  const readers = readersOf(program, buffer);
  for (const { block, around } of writersOf(program, buffer)) {
    for (const loop of around) {
      const mode = bound?.loop === loop ? bound.to : loop.mode;
      const axis = laneAxisOf(mode);
      if (axis === null) continue;
      const within = readers.filter((reader) => reader.around.includes(loop));
      if (mode === 'subgroup.x') {
        const [reader] = within;
        if (reader !== undefined && loop.extent > 1)
          return refuse(
            'across-subgroups',
            () =>
              `loop ${loop.name} over the lanes of a subgroup makes ${buffer} in block ${block.name} and reads it in block ${reader.block.name}; expected the loop to end before its elements are read`,
            () => `setScope(${buffer}, private) where each lane reads its own`,
          );
      } else if (within.length < readers.length || (axis === 'x' && drivenBy(block, loop.name)))
        return refuse(
          'across-subgroups',
          () =>
            `block ${block.name} makes ${buffer}, which the lanes of a subgroup hold together, in loop ${loop.name}, which is ${mode}${within.length < readers.length ? ' and not around all that read it' : ''}`,
          () => `bind a loop of ${block.name} to subgroup.x instead`,
        );
    }
  }
  return null;
}

/** The same for all buffers in subgroup scope that are made under a loop, before it is bound. */
export function requireLanesHold(program: Program, loop: For, to: LoopMode): Refusal | null {
  const shared = program.buffers.filter(({ scope }) => scope === 'subgroup').map(({ name }) => name);
  if (shared.length === 0 || laneAxisOf(to) === null) return null;
  const blocks = blocksUnder(loop);
  for (const buffer of shared) {
    if (!blocks.some((block) => block.writes.some((write) => write.buffer === buffer))) continue;
    const refused = requireHeldByLanes(program, buffer, { loop, to });
    if (refused !== null) return refused;
  }
  return null;
}
