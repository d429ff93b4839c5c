import type { DeviceLimits } from '../../ir/limits.ts';
import { type AccessInfo, hasReuse, movesWith, type StageInfo } from '../stage.ts';
import type { Tiling } from '../tiling.ts';
import { tilingOverAxes } from './over-axes.ts';

/**
 * The rule for sums of products whose operands move with several axes together: those axes become one, so that a tile covers any part of
 * it. A convolution becomes the matrix product that it is, positions of the image by channels, summed over all taps (implicit GEMM), and
 * an image of 7 by 7 fills a tile of 49. Operands along such an axis are gathered into a tile that has it as one dimension (im2col).
 */
export function implicitGemmTiling(stage: StageInfo, limits: DeviceLimits): Tiling | null {
  if (!hasReuse(stage)) return null;
  const buffers = new Set(stage.reads.map(({ buffer }) => buffer.name));
  // A tile has one index per element, so that two accesses to one buffer cannot share it.
  if (buffers.size < stage.reads.length) return null;
  const groups = movingTogether(stage);
  const isReused = (read: AccessInfo): boolean =>
    stage.block.iters.some(({ type, extent }, i) => type === 'spatial' && extent > 1 && !movesWith(read, i));
  // What is no product of two matrices (a depthwise convolution) gains nothing by a tile of any part of its rows.
  if (stage.reads.filter(isReused).length < 2) return null;
  return groups.some((group) => group.length > 1) ? tilingOverAxes('gemm', stage, limits, groups) : null;
}

/** Adjacent iters of one kind that move the same operands; those of a single iteration and those of a batch, which move all, join no other. */
function movingTogether({ block, reads }: StageInfo): number[][] {
  const isBatch = (i: number): boolean =>
    block.iters[i]?.type === 'spatial' && reads.every((read) => movesWith(read, i));
  const signature = (i: number): string =>
    `${block.iters[i]?.type} ${reads.map((read) => movesWith(read, i)).join()} ${(block.iters[i]?.extent as number) > 1}`;
  const groups: number[][] = [];
  for (const i of block.iters.keys()) {
    const group = groups.at(-1);
    if (
      group !== undefined &&
      signature(group[0] as number) === signature(i) &&
      block.iters[i]?.extent !== 1 &&
      !isBatch(i)
    )
      group.push(i);
    else groups.push([i]);
  }
  return groups;
}
