import { copyOperations } from '../emitted.ts';
import { quantity, quantityCount, repeats, wholeUnits } from '../quantities.ts';
import { bytesOf, footprint } from '../stage.ts';
import { decided } from './decided.ts';
import { mostWrittenRounds } from './emit-parts.ts';
import type { MatrixLayout } from './matrix.ts';

/** The quantities of a matrix plan, from its decisions alone. The returned function allocates nothing. */
export function matrixQuantities(
  layout: MatrixLayout,
): (values: Float64Array, first: number, out: Float64Array, offset: number) => void {
  const { stage, config, lanes, row, column, depth } = layout;
  const extents = Float64Array.from(stage.block.iters, (iter) => iter.extent);
  const [rowExtent, columnExtent, depthExtent] = [row, column, depth].map((axis) => extents[axis] as number) as [
    number,
    number,
    number,
  ];
  const points = extents.reduce((all, next) => all * next, 1);
  const outputsInAll = points / depthExtent;
  const others = outputsInAll / (rowExtent * columnExtent);
  const finish = { flops: 0, operations: 0, readBytes: 0, uniqueBytes: 0, ...stage.epilogue };
  const elementBytes = stage.epilogue?.writeBytes ?? bytesOf(stage.write.buffer);
  const uniqueBytes = stage.reads.reduce(
    (sum, read) => sum + footprint(read, extents) * bytesOf(read.buffer),
    finish.uniqueBytes,
  );
  /** What one workgroup loads in a step, and what one subgroup multiplies of it. */
  const tileBox = new Float64Array(extents.length).fill(1);
  const ownBox = new Float64Array(extents.length).fill(1);

  return (values, first, out, offset) => {
    const rowGroups = decided(values, first, layout.subgroups[0]);
    const columnGroups = decided(values, first, layout.subgroups[1]);
    const rowMatrices = decided(values, first, layout.matrices[0]);
    const columnMatrices = decided(values, first, layout.matrices[1]);
    const deep = decided(values, first, layout.step);
    ownBox[row] = rowMatrices * config.m;
    ownBox[column] = columnMatrices * config.n;
    ownBox[depth] = deep * config.k;
    tileBox[row] = (ownBox[row] as number) * rowGroups;
    tileBox[column] = (ownBox[column] as number) * columnGroups;
    tileBox[depth] = ownBox[depth] as number;
    const dispatchX = Math.ceil(columnExtent / (tileBox[column] as number));
    const dispatchY = Math.ceil(rowExtent / (tileBox[row] as number));
    const workgroups = dispatchX * dispatchY * others;
    const subgroups = rowGroups * columnGroups;
    const invocations = subgroups * lanes;
    const steps = Math.ceil(depthExtent / (tileBox[depth] as number));
    const part = subgroups * config.m * config.n;
    const handsOver = stage.epilogue === null ? 0 : 1;
    const partBytes = handsOver * part * bytesOf(stage.write.buffer);
    const parts = rowMatrices * columnMatrices;
    let workgroupBytes = wholeUnits(partBytes);
    let staged = 0;
    let storageRead = 0;
    let workgroupRead = workgroups * parts * partBytes;
    let workgroupWrite = workgroups * parts * partBytes;
    let loads = 0;
    let reused = 0;
    for (let q = 0; q < stage.reads.length; q++) {
      const read = stage.reads[q] as (typeof stage.reads)[number];
      const bytes = bytesOf(read.buffer);
      const through = decided(values, first, layout.staged[q] as number);
      const tile = footprint(read, tileBox);
      const direct = workgroups * steps * subgroups * footprint(read, ownBox) * bytes;
      const cooperative = workgroups * steps * tile * bytes;
      workgroupBytes += through * wholeUnits(tile * bytes);
      staged += through;
      storageRead += through * cooperative + (1 - through) * direct;
      workgroupRead += through * direct;
      workgroupWrite += through * cooperative;
      const rounds = Math.ceil(tile / (invocations * 4));
      const text = copyOperations(read, tileBox, invocations, 4, rounds > mostWrittenRounds ? 1 : rounds, 0);
      loads += through === 0 ? 0 : through * text;
      reused += tile * bytes;
    }
    const outputs = (parts * config.m * config.n) / lanes;
    // A matrix instruction is one operation, whatever it computes; one that loads or stores has an address.
    const instructions = deep * (parts + 3 * (rowMatrices + columnMatrices));
    const factors = ((rowMatrices * config.m + columnMatrices * config.n) * config.k) / lanes;
    const readBytes = storageRead + outputsInAll * finish.readBytes;
    out.fill(0, offset, offset + quantityCount);
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.invocations] = invocations;
    out[offset + quantity.lanesX] = lanes;
    out[offset + quantity.lanesY] = columnGroups;
    out[offset + quantity.outputs] = outputs;
    out[offset + quantity.vector] = 1;
    out[offset + quantity.steps] = steps;
    out[offset + quantity.depth] = tileBox[depth] as number;
    out[offset + quantity.statements] =
      instructions + loads + 4 * parts + handsOver * outputs * (3 + finish.operations);
    out[offset + quantity.workgroupBytes] = workgroupBytes;
    out[offset + quantity.registers] = outputs + factors;
    out[offset + quantity.barriers] = (staged > 0 ? 2 : 0 * staged) * steps + 2 * handsOver * parts;
    out[offset + quantity.useful] = 1;
    out[offset + quantity.flops] = points * stage.flops + outputsInAll * finish.flops;
    out[offset + quantity.iterations] = repeats(steps);
    out[offset + quantity.storageReadBytes] = readBytes;
    out[offset + quantity.storageContiguousBytes] = readBytes;
    out[offset + quantity.storageUniqueBytes] = uniqueBytes;
    out[offset + quantity.storageWriteBytes] = outputsInAll * elementBytes;
    out[offset + quantity.workgroupReadBytes] = workgroupRead;
    out[offset + quantity.workgroupWriteBytes] = workgroupWrite;
    out[offset + quantity.staged] = staged;
    out[offset + quantity.reusedBytes] = reused;
    out[offset + quantity.unrolled] = 1;
    out[offset + quantity.together] = config.k;
    out[offset + quantity.parts] = 1;
    out[offset + quantity.registersX] = columnMatrices * config.n;
    out[offset + quantity.registersY] = rowMatrices * config.m;
    out[offset + quantity.stagedFirst] = decided(values, first, layout.staged[0] as number);
    out[offset + quantity.stagedSecond] = decided(values, first, layout.staged[1] as number);
    out[offset + quantity.dispatchX] = dispatchX;
    out[offset + quantity.dispatchY] = dispatchY;
    out[offset + quantity.dispatchZ] = others;
  };
}
