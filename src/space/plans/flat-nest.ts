import { fusedBox, level, type Nest } from '../nest.ts';
import type { StageInfo } from '../stage.ts';
import { decided } from './decided.ts';

/** Decision indices of a flat plan, -1 where there is nothing to decide. */
export interface FlatLayout {
  readonly stage: StageInfo;
  readonly lanes: number;
  readonly serial: number;
  readonly vector: number;
}

/** The nest of a flat plan: a vector an invocation, and again a whole workgroup further on. */
export function flatNest({ stage, lanes, serial, vector }: FlatLayout): Nest {
  const count = stage.block.iters.length;
  const extents = Float64Array.from(stage.block.iters, (iter) => iter.extent);
  const size = extents.reduce((all, next) => all * next, 1);
  const innermost = extents.findLastIndex((extent) => extent > 1);
  const describe: Nest['describe'] = (values, first, into) => {
    const { boxes, counts } = into;
    const width = decided(values, first, vector);
    const wide = decided(values, first, lanes) * width;
    const each = decided(values, first, serial);
    const workgroups = Math.ceil(size / (wide * each));
    fusedBox(extents, 0, count, width, boxes, level.load * count);
    fusedBox(extents, 0, count, wide, boxes, level.step * count);
    fusedBox(extents, 0, count, wide * each, boxes, level.workgroup * count);
    for (let l: number = level.row; l <= level.grid; l++)
      for (let i = 0; i < count; i++) boxes[l * count + i] = extents[i] as number;
    counts[level.load] = (workgroups * wide * each) / width;
    counts[level.step] = workgroups * each;
    counts[level.workgroup] = workgroups;
    counts[level.row] = 1;
    counts[level.grid] = 1;
    into.besideX.fill(0);
    into.besideY.fill(0);
    if (innermost >= 0) into.besideX[innermost] = width;
    into.staged.fill(0);
    into.vector = width;
    into.padding = 0;
  };
  return { stage, reads: stage.reads, again: stage.reads.map(() => false), writes: [stage.write], describe };
}
