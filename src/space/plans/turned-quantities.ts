import { copyOperations, pointOperations, uneven } from '../emitted.ts';
import { quantity, quantityCount, wholeUnits } from '../quantities.ts';
import { bytesOf, footprint, tileElements } from '../stage.ts';
import { decided } from './decided.ts';
import { mostWrittenRounds } from './emit-parts.ts';
import type { TurnedLayout } from './turned.ts';

/** The quantities of a turned plan, from its decisions alone. The returned function allocates nothing. */
export function turnedQuantities(
  layout: TurnedLayout,
): (values: Float64Array, first: number, out: Float64Array, offset: number) => void {
  const { stage, row, column } = layout;
  const extents = stage.block.iters.map((iter) => iter.extent);
  const [rowExtent, columnExtent] = [extents[row] as number, extents[column] as number];
  const size = extents.reduce((all, next) => all * next, 1);
  const others = size / (rowExtent * columnExtent);
  const box = new Float64Array(extents.length).fill(1);
  const tiles = Float64Array.from(extents);
  const uniqueBytes = stage.reads.reduce((sum, read) => sum + footprint(read, extents) * bytesOf(read.buffer), 0);
  const direct = stage.reads.filter((read) => !layout.turned.includes(read));
  const bytesWhere = (isSo: (stride: number) => boolean): number =>
    direct.reduce((sum, read) => sum + (isSo(read.strides[column] as number) ? bytesOf(read.buffer) : 0), 0);
  const directBytes = bytesWhere(() => true);
  const uniformBytes = bytesWhere((stride) => stride === 0);
  const contiguousBytes = bytesWhere((stride) => Math.abs(stride) === 1);

  const element = pointOperations(stage) + stage.reads.length + 1;
  const bases = 4 * extents.filter((extent) => extent > 1).length;

  return (values, first, out, offset) => {
    const columnLanes = decided(values, first, layout.columnLanes);
    const rowLanes = decided(values, first, layout.rowLanes);
    const columns = decided(values, first, layout.columns);
    const rows = decided(values, first, layout.rows);
    const vector = decided(values, first, layout.vector);
    const padding = decided(values, first, layout.rowPadding, 0);
    const dispatchX = Math.ceil(columnExtent / (columnLanes * columns));
    const dispatchY = Math.ceil(rowExtent / (rowLanes * rows));
    const workgroups = dispatchX * dispatchY * others;
    const invocations = columnLanes * rowLanes;
    const outputs = columns * rows;
    const computed = workgroups * invocations * outputs;
    box[column] = columnLanes * columns;
    box[row] = rowLanes * rows;
    tiles[column] = dispatchX;
    tiles[row] = dispatchY;
    let workgroupBytes = 0;
    let tileBytes = 0;
    let copying = 0;
    const [roughRow, roughColumn] = [uneven(rowExtent, rowLanes * rows), uneven(columnExtent, columnLanes * columns)];
    const rough = roughRow + roughColumn;
    for (let t = 0; t < layout.turned.length; t++) {
      const read = layout.turned[t] as (typeof layout.turned)[number];
      const bytes = bytesOf(read.buffer);
      const elements = footprint(read, box);
      workgroupBytes += wholeUnits(tileElements(read, box, tiles, padding) * bytes);
      tileBytes += elements * bytes;
      const wide = elements % vector > 0 ? 1 : vector;
      const rounds = Math.ceil(elements / (invocations * wide));
      copying += copyOperations(
        read,
        box,
        invocations,
        wide,
        rounds > mostWrittenRounds ? 1 : rounds,
        rough > 0 ? 1 : 0 * rough,
      );
    }
    const moved = workgroups * tileBytes;
    out.fill(0, offset, offset + quantityCount);
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.invocations] = invocations;
    out[offset + quantity.lanesX] = columnLanes;
    out[offset + quantity.lanesY] = rowLanes;
    out[offset + quantity.outputs] = outputs;
    out[offset + quantity.vector] = vector;
    out[offset + quantity.steps] = 1;
    out[offset + quantity.depth] = 1;
    out[offset + quantity.statements] =
      outputs * (element + 2 / vector) +
      roughRow * (rows + 2) +
      roughColumn * (columns + 2) +
      (rough * outputs) / vector +
      copying +
      bases;
    out[offset + quantity.workgroupBytes] = workgroupBytes;
    out[offset + quantity.registers] = vector * (1 + stage.reads.length);
    // One invocation waits for nobody.
    out[offset + quantity.barriers] = invocations > 1 ? 1 : 0 * invocations;
    out[offset + quantity.useful] = size / computed;
    out[offset + quantity.flops] = size * stage.flops;
    out[offset + quantity.storageReadBytes] = moved + computed * directBytes;
    out[offset + quantity.storageUniformBytes] = computed * uniformBytes;
    out[offset + quantity.storageContiguousBytes] = moved + computed * contiguousBytes;
    out[offset + quantity.storageUniqueBytes] = uniqueBytes;
    out[offset + quantity.storageWriteBytes] = size * bytesOf(stage.write.buffer);
    out[offset + quantity.workgroupReadBytes] = moved;
    out[offset + quantity.workgroupWriteBytes] = moved;
    out[offset + quantity.staged] = layout.turned.length;
    out[offset + quantity.guarded] = computed > size ? 1 : 0 * computed;
    out[offset + quantity.reusedBytes] = tileBytes + invocations * outputs * directBytes;
    out[offset + quantity.together] = 1;
    out[offset + quantity.registersX] = columns;
    out[offset + quantity.registersY] = rows;
    out[offset + quantity.stagedFirst] = layout.turned.includes(stage.reads[0] as (typeof stage.reads)[number]) ? 1 : 0;
    out[offset + quantity.stagedSecond] =
      stage.reads[1] !== undefined && layout.turned.includes(stage.reads[1]) ? 1 : 0;
    out[offset + quantity.rowPadding] = padding;
    out[offset + quantity.parts] = 1;
    out[offset + quantity.dispatchX] = dispatchX;
    out[offset + quantity.dispatchY] = dispatchY;
    out[offset + quantity.dispatchZ] = others;
  };
}
