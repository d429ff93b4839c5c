import { quantity, wholeUnits } from '../quantities.ts';
import { bytesOf, footprint, tileElements } from '../stage.ts';
import { decided } from './decided.ts';
import { steppingAxis, wholeSteps, wholeTiles } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';

/** The quantities of a tiled plan, from its decisions alone. The returned function allocates nothing. */
export function tiledQuantities(
  layout: TiledLayout,
): (values: Float64Array, first: number, out: Float64Array, offset: number) => void {
  const { stage, spatial, reduction } = layout;
  const { iters } = stage.block;
  const registerBox = new Float64Array(iters.length);
  const tileBox = new Float64Array(iters.length);
  const tiles = new Float64Array(iters.length);
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
    let outputs = 1;
    let invocations = 1;
    let workgroups = 1;
    let computed = 1;
    let lanesX = 1;
    let lanesY = 1;
    let dispatchX = 1;
    let dispatchY = 1;
    let dispatchZ = 1;
    for (let s = 0; s < spatial.length; s++) {
      const i = spatial[s] as number;
      const extent = iters[i]?.extent as number;
      const registers = decided(values, first, layout.registers[s] as number);
      const lanes = decided(values, first, layout.invocations[s] as number);
      const groups = Math.ceil(extent / (registers * lanes));
      registerBox[i] = registers;
      tileBox[i] = registers * lanes;
      tiles[i] = groups;
      outputs *= registers;
      invocations *= lanes;
      workgroups *= groups;
      computed *= groups * registers * lanes;
      const fromLast = spatial.length - 1 - s;
      if (fromLast === 0) {
        lanesX = lanes;
        dispatchX = groups;
      } else if (fromLast === 1) {
        lanesY = lanes;
        dispatchY = groups;
      } else dispatchZ *= groups;
    }
    const gridCut = decided(values, first, layout.gridParts, 0);
    const stepCut = decided(values, first, layout.stepParts, 0);
    const padding = decided(values, first, layout.rowPadding, 0);
    const doubling = decided(values, first, layout.doubled, 0);
    const axis = doubling === 0 ? -1 : steppingAxis(layout, values, first);
    let parts = 1;
    // Fraction of the executed work that needs no guard, if the partitions are made as decided.
    let free = 1;
    for (let s = 0; s < spatial.length; s++) {
      const groups = tiles[spatial[s] as number] as number;
      const extent = wholeBox[spatial[s] as number] as number;
      const whole = gridCut * wholeTiles(layout, values, first, s);
      parts *= whole > 0 ? 2 : 1 + 0 * whole;
      if (groups * (tileBox[spatial[s] as number] as number) !== extent) free *= whole / groups;
    }
    let stepCopies = 1;
    let steps = 1;
    let depth = 1;
    let covered = 1;
    for (let r = 0; r < reduction.length; r++) {
      const i = reduction[r] as number;
      const extent = iters[i]?.extent as number;
      const step = decided(values, first, layout.step[r] as number);
      const outer = Math.ceil(extent / step);
      registerBox[i] = 1;
      tileBox[i] = step;
      tiles[i] = outer;
      steps *= outer;
      depth *= step;
      covered *= outer * step;
      const whole = stepCut * wholeSteps(layout, values, first, r);
      stepCopies *= whole > 0 ? 2 : 1 + 0 * whole;
      if (outer * step !== extent) free *= whole / outer;
    }
    const together = decided(values, first, layout.together);
    // An invocation holds the operands of this many reduction elements at once.
    registerBox[reduction.at(-1) as number] = together;
    const vector = decided(values, first, layout.vector);
    const unrolled = layout.unroll < 0 ? 0 : decided(values, first, layout.unroll);
    const threads = workgroups * invocations;

    let workgroupBytes = 0;
    let registers = outputs * stage.writes.length;
    let storageRead = 0;
    let uniform = 0;
    let contiguous = 0;
    let workgroupRead = 0;
    let workgroupWrite = 0;
    let stagedCount = 0;
    let doubledCount = 0;
    let fragments = 0;
    let loads = 0;
    let reused = 0;
    for (let q = 0; q < stage.reads.length; q++) {
      const read = stage.reads[q] as (typeof stage.reads)[number];
      const bytes = bytesOf(read.buffer);
      const staged = stagedFlag(values, first, q);
      const tile = footprint(read, tileBox);
      const fragment = footprint(read, registerBox);
      fragments += fragment;
      const direct = threads * steps * (depth / together) * fragment * bytes;
      const cooperative = workgroups * steps * tile * bytes;
      const turns = doubling > 0 && layout.moves[q]?.[axis] === true ? staged : 0 * staged * doubling * axis;
      workgroupBytes += staged * wholeUnits(tileElements(read, tileBox, tiles, padding) * (1 + turns) * bytes);
      doubledCount += turns;
      storageRead += staged * cooperative + (1 - staged) * direct;
      const stride = read.strides[lastSpatial] as number;
      if (stride === 0) uniform += (1 - staged) * direct;
      else if (Math.abs(stride) === 1) contiguous += staged * cooperative + (1 - staged) * direct;
      else contiguous += staged * cooperative;
      workgroupRead += staged * direct;
      workgroupWrite += staged * cooperative;
      stagedCount += staged;
      // Cooperative loads stand in the text once an invocation's share, rounded up.
      loads += (staged + turns) * Math.ceil(tile / invocations) + fragment;
      reused += tile * bytes;
    }
    registers += fragments;
    const written = unrolled * (depth / together) + (1 - unrolled);
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.invocations] = invocations;
    out[offset + quantity.lanesX] = lanesX;
    out[offset + quantity.lanesY] = lanesY;
    out[offset + quantity.outputs] = outputs;
    out[offset + quantity.vector] = vector;
    out[offset + quantity.steps] = steps;
    out[offset + quantity.depth] = depth;
    out[offset + quantity.statements] =
      parts *
      (stepCopies * (written * (together * outputs * stage.writes.length + fragments) + loads) +
        outputs * (1 + finish.flops));
    // The steps that are left over have tiles of their own.
    out[offset + quantity.workgroupBytes] = workgroupBytes * stepCopies;
    out[offset + quantity.registers] = registers;
    // While tiles take turns one barrier a step is enough.
    out[offset + quantity.barriers] =
      (stagedCount > 0 ? (stagedCount > doubledCount ? 2 : 1 + 0 * doubledCount) : 0 * stagedCount) * steps;
    out[offset + quantity.useful] = points / (computed * covered);
    out[offset + quantity.flops] = points * stage.flops + outputsInAll * finish.flops;
    out[offset + quantity.iterations] = steps * (unrolled + (1 - unrolled) * (1 + depth / together));
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
    out[offset + quantity.rowPadding] = padding;
    out[offset + quantity.doubled] = doubledCount;
    out[offset + quantity.parts] = parts;
    out[offset + quantity.dispatchX] = dispatchX;
    out[offset + quantity.dispatchY] = dispatchY;
    out[offset + quantity.dispatchZ] = dispatchZ;
  };
}
