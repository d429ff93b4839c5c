import type { Program } from './nodes.ts';
import { blocksOf, readsOf } from './visit.ts';

/** What reads and writes buffers: a block of a program, or a kernel. */
interface Step {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/**
 * Which steps need to run only once, for all runs with the same constant inputs: those that read nothing but constants and what such steps
 * made, and whose results nobody else writes. Outputs are the caller's, who may want them in another buffer each time.
 */
export function runOnce(
  steps: readonly Step[],
  { constants = [], outputs }: Pick<Program, 'constants' | 'outputs'>,
): boolean[] {
  const once = steps.map(() => constants.length > 0);
  for (let changed = true; changed; ) {
    const varying = new Set(outputs);
    for (const [at, { writes }] of steps.entries()) if (!once[at]) for (const buffer of writes) varying.add(buffer);
    const made = new Set(steps.flatMap(({ writes }) => writes));
    changed = false;
    for (const [at, { reads, writes }] of steps.entries()) {
      if (!once[at]) continue;
      const stays = (buffer: string): boolean =>
        constants.includes(buffer) || (made.has(buffer) && !varying.has(buffer));
      once[at] = reads.every(stays) && !writes.some((buffer) => varying.has(buffer));
      if (!once[at]) changed = true;
    }
  }
  return once;
}

/** Names of the blocks of a program that need to run only once. */
export function blocksRunOnce(program: Program): ReadonlySet<string> {
  if (program.constants === undefined) return new Set();
  const blocks = blocksOf(program);
  const once = runOnce(
    blocks.map((block) => ({
      reads: readsOf(block).map(({ buffer }) => buffer),
      writes: block.writes.map(({ buffer }) => buffer),
    })),
    program,
  );
  return new Set(blocks.filter((_, at) => once[at]).map(({ name }) => name));
}
