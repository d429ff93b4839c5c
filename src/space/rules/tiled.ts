import type { DeviceLimits } from '../../ir/limits.ts';
import { hasReuse, hasWindows, type StageInfo } from '../stage.ts';
import type { Tiling } from '../tiling.ts';
import { tilingOverAxes } from './over-axes.ts';

/**
 * The multi-level tiling rule, for a reduction with reuse (matmul, convolution) or over windows (pooling), where neighbouring outputs of
 * one invocation share what they read: every spatial axis is split into workgroups, invocations and registers, every reduction axis into an
 * outer loop and a step, and each operand may go through workgroup memory, loaded cooperatively. The structure is that of TVM's
 * MultiLevelTiling and of every hand-written tiled kernel. Iters named in `apart` have nothing but workgroups.
 */
export function tiledTiling(stage: StageInfo, limits: DeviceLimits, apart: readonly string[] = []): Tiling | null {
  if (!hasReuse(stage) && !hasWindows(stage)) return null;
  return tilingOverAxes(
    'tiled',
    stage,
    limits,
    stage.block.iters.map((_, i) => [i]),
    apart,
  );
}
