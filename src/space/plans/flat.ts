import { type Decision, powersOfTwo } from '../decision.ts';
import { pointOperations, runningIndex } from '../emitted.ts';
import type { Conflict, Plan } from '../plan.ts';
import { quantity, quantityCount } from '../quantities.ts';
import { bytesOf, type StageInfo } from '../stage.ts';
import { atLeastOne, decided } from './decided.ts';
import { unrollAll } from './emit-parts.ts';
import { flatNest } from './flat-nest.ts';

/**
 * The rule for elementwise stages: all axes become one, split over workgroups, invocations, a serial part and a vector. The serial part
 * strides by whole workgroups, so that neighbouring invocations stay on neighbouring elements.
 */
export function flatPlan(stage: StageInfo): Plan | null {
  if (stage.reduction.length > 0) return null;
  const size = stage.spatial.reduce((all, iter) => all * iter.extent, 1);
  const innermost = stage.spatial.at(-1)?.extent ?? 1;
  const decisions: Decision[] = [];
  const add = (name: string, doc: string, options: readonly number[]): number => {
    if (options.length < 2) return -1;
    decisions.push({ name: `${stage.block.name}.${name}`, doc, options });
    return decisions.length - 1;
  };
  const lanes = add(
    'invocations',
    'invocations of a workgroup',
    powersOfTwo(256).filter((power) => power < size * 2),
  );
  const serial = add(
    'serial',
    'elements (or vectors) one invocation computes one after the other',
    powersOfTwo(16).filter((power) => power <= size),
  );
  const vector = add(
    'vector',
    'width of vectors along the innermost axis',
    powersOfTwo(4).filter((width) => innermost % width === 0),
  );
  const readBytes = stage.reads.reduce((sum, read) => sum + bytesOf(read.buffer), 0);
  const uniqueBytes = stage.reads.reduce(
    (sum, read) => sum + read.buffer.shape.reduce((all, next) => all * next, 1) * bytesOf(read.buffer),
    0,
  );
  const last = stage.block.iters.length - 1;
  const uniformBytes = stage.reads
    .filter((read) => read.strides[last] === 0)
    .reduce((sum, read) => sum + bytesOf(read.buffer), 0);
  const contiguousBytes = stage.reads
    .filter((read) => read.strides[last] === 1)
    .reduce((sum, read) => sum + bytesOf(read.buffer), 0);
  const writeBytes = bytesOf(stage.write.buffer);
  const index = runningIndex(stage);
  const still = stage.reads.filter((read) => read.strides[last] === 0).length;
  // Per element of a vector, per vector, and where the axes change from one vector to the next.
  const perElement = pointOperations(stage) + stage.reads.length - still + 1;
  const perVector = 1 + index.alike;
  const perRun = index.taking + index.apart + still;

  const conflict: Conflict['find'] = (values, first) => {
    const width = atLeastOne(decided(values, first, vector));
    const count = atLeastOne(decided(values, first, lanes));
    const each = atLeastOne(decided(values, first, serial));
    if (count > 1 && (count - 1) * width >= size) return 'idle-invocations';
    if (each > 1 && (each - 1) * count * width >= size) return 'idle-registers';
    return null;
  };
  const quantities: Plan['quantities'] = (values, first, out, offset) => {
    const width = decided(values, first, vector);
    const count = decided(values, first, lanes);
    const each = decided(values, first, serial);
    const workgroups = Math.ceil(size / (count * each * width));
    const computed = workgroups * count * each * width;
    out.fill(0, offset, offset + quantityCount);
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.invocations] = count;
    out[offset + quantity.lanesX] = count;
    out[offset + quantity.lanesY] = 1;
    out[offset + quantity.outputs] = each * width;
    out[offset + quantity.vector] = width;
    out[offset + quantity.steps] = 1;
    out[offset + quantity.depth] = 1;
    const inRun = index.run % (count * each * width) > 0 ? each : 1 + 0 * each;
    out[offset + quantity.statements] =
      each * (width * perElement + perVector + (computed > size ? 2 : 0 * computed)) + inRun * perRun + 4;
    // What is computed is stored at once.
    out[offset + quantity.registers] = width * (1 + stage.reads.length);
    out[offset + quantity.useful] = size / computed;
    out[offset + quantity.flops] = size * stage.flops;
    out[offset + quantity.storageReadBytes] = computed * (readBytes - uniformBytes) + (computed / width) * uniformBytes;
    out[offset + quantity.storageUniformBytes] = (computed / width) * uniformBytes;
    out[offset + quantity.storageContiguousBytes] = computed * contiguousBytes;
    out[offset + quantity.storageUniqueBytes] = uniqueBytes;
    out[offset + quantity.storageWriteBytes] = size * writeBytes;
    out[offset + quantity.guarded] = computed > size ? 1 : 0 * computed;
    out[offset + quantity.reusedBytes] = count * each * width * readBytes;
    out[offset + quantity.together] = 1;
    out[offset + quantity.parts] = 1;
    out[offset + quantity.registersX] = width;
    out[offset + quantity.registersY] = each;
    out[offset + quantity.dispatchX] = workgroups;
    out[offset + quantity.dispatchY] = 1;
    out[offset + quantity.dispatchZ] = 1;
  };

  return {
    rule: 'flat',
    stages: [stage],
    decisions,
    quantities,
    sizes: quantities,
    conflicts: [{ about: decisions.map((_, i) => i), find: conflict }],
    nests: [flatNest({ stage, lanes, serial, vector })],
    emit(builder, value) {
      const name = stage.block.name;
      const of = (index: number): number => (index < 0 ? 1 : value(decisions[index]?.name as string));
      const width = of(vector);
      const fused = builder.fuse(builder.ownLoops(name).map((loop) => loop.name));
      const [grid, each, thread, lane] = builder.split(fused, [
        null,
        of(serial),
        of(lanes),
        ...(width > 1 ? [width] : []),
      ]);
      builder.reorder([grid, thread, each] as string[]);
      builder.bind(grid as string, 'workgroup.x');
      builder.bind(thread as string, 'invocation.x');
      if (lane !== undefined) builder.vectorize(lane);
      unrollAll(builder, name);
    },
  };
}
