import { level, type Nest, type NestNumbers } from '../nest.ts';
import { decided } from './decided.ts';
import type { TiledLayout } from './tiled-layout.ts';

/** The nest of a tiled plan: fragments in registers, a tile a step, a row of steps a workgroup. */
export function tiledNest(layout: TiledLayout): Nest {
  const { stage, spatial, reduction } = layout;
  const { iters } = stage.block;
  const count = iters.length;
  const extents = Float64Array.from(iters, (iter) => iter.extent);
  const describe = (values: Float64Array, first: number, into: NestNumbers): void => {
    const { boxes, counts, besideX, besideY, staged } = into;
    besideX.fill(0);
    besideY.fill(0);
    let workgroups = 1;
    let invocations = 1;
    let alongX = 1;
    for (let s = 0; s < spatial.length; s++) {
      const i = spatial[s] as number;
      const extent = extents[i] as number;
      const registers = decided(values, first, layout.registers[s] as number);
      const lanes = decided(values, first, layout.invocations[s] as number);
      const tile = registers * lanes > extent ? extent : registers * lanes;
      const groups = Math.ceil(extent / (registers * lanes));
      boxes[level.load * count + i] = registers;
      boxes[level.step * count + i] = tile;
      boxes[level.workgroup * count + i] = tile;
      boxes[level.row * count + i] = s === spatial.length - 1 ? extent : tile;
      boxes[level.grid * count + i] = extent;
      workgroups *= groups;
      invocations *= lanes;
      if (s === spatial.length - 1) {
        alongX = groups;
        besideX[i] = registers;
      } else if (s === spatial.length - 2) besideY[i] = registers;
    }
    let steps = 1;
    let depth = 1;
    const together = decided(values, first, layout.together);
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      const extent = extents[i] as number;
      const step = decided(values, first, layout.step[r] as number);
      boxes[level.load * count + i] = r === reduction.length - 1 ? together : 1;
      boxes[level.step * count + i] = step;
      for (let l: number = level.workgroup; l <= level.grid; l++) boxes[l * count + i] = extent;
      steps *= Math.ceil(extent / step);
      depth *= step;
    }
    counts[level.load] = (workgroups * invocations * steps * depth) / together;
    counts[level.step] = workgroups * steps;
    counts[level.workgroup] = workgroups;
    counts[level.row] = workgroups / alongX;
    counts[level.grid] = 1;
    for (let q = 0; q < stage.reads.length; q++)
      staged[q] = (layout.staged[q] ?? -1) < 0 ? 0 : decided(values, first, layout.staged[q] as number);
    into.vector = decided(values, first, layout.vector);
    into.padding = decided(values, first, layout.rowPadding, 0);
  };
  return { stage, reads: stage.reads, again: stage.reads.map(() => false), writes: [stage.write], describe };
}
