import type { Block, For, GridAxis, LoopMode } from './nodes.ts';
import { usesVar } from './visit.ts';

/** The axis of the invocations that run one iteration of a loop each; null for a loop of another mode. Lanes of a subgroup lie along x. */
export function laneAxisOf(mode: LoopMode): GridAxis | null {
  return mode.startsWith('invocation.') || mode === 'subgroup.x' ? (mode.slice(-1) as GridAxis) : null;
}

/** Whether the lanes of a subgroup hold the terms of a block's reduction. */
export function reducesAcross(block: Block, loop: For): boolean {
  return (
    loop.mode === 'subgroup.x' &&
    block.iters.some((iter) => iter.type === 'reduction' && usesVar(iter.binding, loop.name))
  );
}

export const isPowerOfTwo = (value: number): boolean => value >= 1 && (value & (value - 1)) === 0;
