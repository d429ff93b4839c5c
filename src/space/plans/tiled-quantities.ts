import { quantity, repeats } from '../quantities.ts';
import { bytesOf, footprint } from '../stage.ts';
import { decided } from './decided.ts';
import { mostWrittenRounds } from './emit-parts.ts';
import { wholeSteps, wholeTiles } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';
import { tiledSizes } from './tiled-sizes.ts';

/** The quantities of a tiled plan, from its decisions alone. The returned function allocates nothing. */
export function tiledQuantities(
  layout: TiledLayout,
): (values: Float64Array, first: number, out: Float64Array, offset: number) => void {
  const { stage, spatial, reduction } = layout;
  const { iters } = stage.block;
  const sizes = tiledSizes(layout);
  const { registerBox, tileBox, tiles, turns } = sizes;
  const wholeBox = Float64Array.from(iters, (iter) => iter.extent);
  const points = wholeBox.reduce((all, next) => all * next, 1);
  const outputsInAll = spatial.reduce((all, i) => all * (wholeBox[i] as number), 1);
  const finish = { flops: 0, readBytes: 0, uniqueBytes: 0, ...stage.epilogue };
  const uniqueBytes = stage.reads.reduce(
    (sum, read) => sum + footprint(read, wholeBox) * bytesOf(read.buffer),
    finish.uniqueBytes,
  );
  const lastSpatial = spatial.at(-1) as number;
  const stagedFlag = (values: Float64Array, first: number, q: number): number => {
    const index = layout.staged[q] ?? -1;
    return index < 0 ? 0 : decided(values, first, index);
  };

  return (values, first, out, offset) => {
    sizes.write(values, first, out, offset);
    const outputs = out[offset + quantity.outputs] as number;
    const invocations = out[offset + quantity.invocations] as number;
    const depth = out[offset + quantity.depth] as number;
    const gridCut = decided(values, first, layout.gridParts, 0);
    const stepCut = decided(values, first, layout.stepParts, 0);
    let workgroups = 1;
    let computed = 1;
    // Fraction of the executed work that needs no guard, if the partitions are made as decided.
    let free = 1;
    for (let s = 0; s < spatial.length; s++) {
      const i = spatial[s] as number;
      const groups = tiles[i] as number;
      const reach = groups * (tileBox[i] as number);
      workgroups *= groups;
      computed *= reach;
      if (reach !== wholeBox[i]) free *= (gridCut * wholeTiles(layout, values, first, s)) / groups;
    }
    let steps = 1;
    // Steps of the innermost axis that has several, along which tiles take turns.
    let inARow = 1;
    let covered = 1;
    let iterations = 0;
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      const outer = tiles[i] as number;
      const reach = outer * (tileBox[i] as number);
      iterations += steps * repeats(outer);
      steps *= outer;
      inARow = outer > 1 ? outer : inARow + 0 * outer;
      covered *= reach;
      if (reach !== wholeBox[i]) free *= (stepCut * wholeSteps(layout, values, first, r)) / outer;
    }
    const together = decided(values, first, layout.together);
    const vector = decided(values, first, layout.vector);
    const unrolled = layout.unroll < 0 ? 0 : decided(values, first, layout.unroll);
    const threads = workgroups * invocations;
    let within = steps;
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      const inner = (tileBox[i] as number) / (r === reduction.length - 1 ? together : 1);
      iterations += (1 - unrolled) * within * repeats(inner);
      within *= inner;
    }

    let storageRead = 0;
    let uniform = 0;
    let contiguous = 0;
    let workgroupRead = 0;
    let workgroupWrite = 0;
    let stagedCount = 0;
    let doubledCount = 0;
    let reused = 0;
    for (let q = 0; q < stage.reads.length; q++) {
      const read = stage.reads[q] as (typeof stage.reads)[number];
      const bytes = bytesOf(read.buffer);
      const staged = stagedFlag(values, first, q);
      const tile = footprint(read, tileBox);
      const fragment = footprint(read, registerBox);
      const direct = threads * steps * (depth / together) * fragment * bytes;
      const cooperative = workgroups * steps * tile * bytes;
      const rounds = Math.ceil(tile / (invocations * vector));
      // While tiles take turns, the first of them in a row is loaded before the loop.
      const copies = steps * (staged + (turns[q] as number) / inARow);
      iterations += copies * (rounds > mostWrittenRounds ? rounds : 0 * rounds);
      doubledCount += turns[q] as number;
      storageRead += staged * cooperative + (1 - staged) * direct;
      const stride = read.strides[lastSpatial] as number;
      if (stride === 0) uniform += (1 - staged) * direct;
      else if (Math.abs(stride) === 1) contiguous += staged * cooperative + (1 - staged) * direct;
      else contiguous += staged * cooperative;
      workgroupRead += staged * direct;
      workgroupWrite += staged * cooperative;
      stagedCount += staged;
      reused += tile * bytes;
    }
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.vector] = vector;
    out[offset + quantity.steps] = steps;
    // While tiles take turns one barrier a step is enough, after one for the first of them in a row.
    out[offset + quantity.barriers] =
      (stagedCount > 0 ? (stagedCount > doubledCount ? 2 : 1 + 0 * doubledCount) : 0 * stagedCount) * steps +
      (doubledCount > 0 ? steps / inARow : 0 * doubledCount);
    out[offset + quantity.useful] = points / (computed * covered);
    out[offset + quantity.flops] = points * stage.flops + outputsInAll * finish.flops;
    out[offset + quantity.iterations] = iterations;
    out[offset + quantity.storageReadBytes] = storageRead + threads * outputs * finish.readBytes;
    out[offset + quantity.storageUniformBytes] = uniform;
    out[offset + quantity.storageContiguousBytes] = contiguous;
    out[offset + quantity.storageUniqueBytes] = uniqueBytes;
    out[offset + quantity.storageWriteBytes] = outputsInAll * layout.elementBytes;
    out[offset + quantity.workgroupReadBytes] = workgroupRead;
    out[offset + quantity.workgroupWriteBytes] = workgroupWrite;
    out[offset + quantity.staged] = stagedCount;
    out[offset + quantity.idle] = 0;
    out[offset + quantity.guarded] = 1 - free;
    out[offset + quantity.reusedBytes] = reused;
    out[offset + quantity.unrolled] = unrolled;
    out[offset + quantity.together] = together;
    out[offset + quantity.registersX] = decided(values, first, layout.registers.at(-1) ?? -1);
    out[offset + quantity.registersY] = decided(values, first, layout.registers.at(-2) ?? -1);
    out[offset + quantity.stagedFirst] = stagedFlag(values, first, 0);
    out[offset + quantity.stagedSecond] = stagedFlag(values, first, 1);
    out[offset + quantity.rowPadding] = decided(values, first, layout.rowPadding, 0);
    out[offset + quantity.doubled] = doubledCount;
  };
}
