import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';

/** Invocations of a naive workgroup: what a first kernel from a tutorial uses. */
const naiveInvocations = 64;
const widestDispatch = 32768;

/**
 * The naive schedule of a stage, the yardstick of every tuning run: one invocation per output, nothing tiled, the sum in a register.
 */
export function emitNaive(stage: StageInfo, builder: ScheduleBuilder): void {
  const { name } = stage.block;
  const carrier = stage.reduction.length > 0 ? builder.cacheWrite(name, 'private').block : name;
  const fused = builder.fuse(builder.ownLoops(carrier).map((loop) => loop.name));
  const size = stage.spatial.reduce((all, iter) => all * iter.extent, 1);
  const invocations = Math.min(naiveInvocations, size);
  const groups = Math.ceil(size / invocations);
  const parts =
    groups <= widestDispatch
      ? builder.split(fused, [null, invocations])
      : builder.split(fused, [null, widestDispatch, invocations]);
  const thread = parts.at(-1) as string;
  if (parts.length === 3) builder.bind(parts[0] as string, 'workgroup.y');
  builder.bind(parts.at(-2) as string, 'workgroup.x');
  builder.bind(thread, 'invocation.x');
  if (carrier !== name) builder.computeAt(name, thread);
}
