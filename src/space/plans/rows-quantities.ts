import { quantity, quantityCount, repeats, wholeUnits } from '../quantities.ts';
import { bytesOf, type StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import { type RowsLayout, widestDispatch } from './rows-layout.ts';
import { rowsLength } from './rows-length.ts';

/** The quantities of a rows plan, from its decisions alone. The returned function allocates nothing. */
export function rowsQuantities(
  layout: RowsLayout,
): (values: Float64Array, first: number, out: Float64Array, offset: number) => void {
  const { reductions, final, rowCount, lastRowExtent, length, columns } = layout;
  const finish = { flops: 0, readBytes: 0, uniqueBytes: 0, ...final.epilogue };
  const elementBytes = final.epilogue?.writeBytes ?? bytesOf(final.write.buffer);
  // Every value has its partial results; only what another stage reads is kept as a result too.
  const read = new Set([...reductions, final].flatMap((stage) => stage.reads.map(({ buffer }) => buffer.name)));
  const cells = reductions.flatMap((stage) =>
    stage.writes.map(({ buffer }) => ({ bytes: bytesOf(buffer), kept: read.has(buffer.name) ? 1 : 0 })),
  );
  const finalReduces = final.reduction.length > 0;
  const made = new Set([...reductions, final].flatMap((stage) => stage.writes.map((write) => write.buffer.name)));
  // What is the same all along a row is loaded once for all that is written out.
  const inputBytes = (stage: StageInfo, isStill: boolean): number =>
    stage.reads
      .filter((read) => !made.has(read.buffer.name))
      .filter(({ strides }) => strides.slice(layout.rowAxes).every((stride) => stride === 0) === isStill)
      .reduce((sum, read) => sum + bytesOf(read.buffer), 0);
  const reductionBytes = reductions.reduce((sum, stage) => sum + inputBytes(stage, false), 0);
  const stillBytes = reductions.reduce((sum, stage) => sum + inputBytes(stage, true), 0);
  const finalBytes = finalReduces ? 0 : inputBytes(final, false);
  const finalStillBytes = finalReduces ? 0 : inputBytes(final, true);
  const inputs = new Map(
    [...reductions, final].flatMap((stage) => stage.reads.map((read) => [read.buffer.name, read.buffer] as const)),
  );
  let uniqueBytes = finish.uniqueBytes;
  for (const [name, buffer] of inputs)
    if (!made.has(name)) uniqueBytes += buffer.shape.reduce((all, next) => all * next, bytesOf(buffer));
  const points = rowCount * length;
  const flops =
    reductions.reduce((sum, stage) => sum + stage.flops, 0) * points +
    (finalReduces ? finish.flops : final.flops * columns) * rowCount;
  const text = rowsLength(layout);
  const widest = Math.max(...reductions.map((stage) => stage.writes.length));
  const loaded = Math.max(
    1,
    ...reductions.map(({ reads }) => reads.filter(({ buffer }) => !made.has(buffer.name)).length),
  );
  const otherRows = rowCount / lastRowExtent;
  const contiguous = reductions.every((stage) =>
    stage.reads.every((read) => read.strides.at(-1) === 1 || made.has(read.buffer.name)),
  );

  return (values, first, out, offset) => {
    const subgroup = decided(values, first, layout.subgroup);
    const lanes = decided(values, first, layout.lanes);
    const rows = decided(values, first, layout.rows);
    const tree = decided(values, first, layout.tree);
    const vector = decided(values, first, layout.vector);
    const unroll = decided(values, first, layout.unroll);
    const groups = Math.ceil(lastRowExtent / rows);
    const dispatchX = groups > widestDispatch ? widestDispatch : groups;
    const dispatchZ = Math.ceil(groups / widestDispatch);
    const workgroups = dispatchX * dispatchZ * otherRows;
    const rounds = Math.ceil(length / (lanes * vector * unroll));
    const finalRounds = finalReduces ? 0 : Math.ceil(columns / (lanes * vector));
    const computedRows = workgroups * rows;
    const computed = computedRows * rounds * lanes * vector * unroll;
    // One lane keeps everything in registers, and so do the lanes of one subgroup: no workgroup memory, no barrier.
    const across = subgroup > 1 ? (lanes < subgroup ? lanes : subgroup + 0 * lanes) : 1 + 0 * subgroup;
    const subgroups = lanes / across;
    const inSubgroups = across > 1;
    const shared = subgroups > 1 ? 1 : 0 * subgroups;
    let sharedBytes = 0;
    for (const { bytes, kept } of cells) {
      sharedBytes += wholeUnits(rows * subgroups * bytes) + (tree > 1 ? wholeUnits(rows * tree * bytes) : 0 * tree);
      if (!inSubgroups) sharedBytes += kept * wholeUnits(rows * bytes);
    }
    sharedBytes *= shared;
    const levels = inSubgroups ? 1 : tree > 1 ? 3 : 2 + 0 * tree;
    // What combines the partial results: rounds of exchanges, and steps through workgroup memory.
    const exchanges = Math.log2(across);
    const combining = exchanges + shared * (tree > 1 ? lanes / tree + tree : subgroups + 0 * tree);
    const readBytes =
      computedRows *
      (rounds * lanes * (vector * unroll * reductionBytes + stillBytes) +
        finalRounds * lanes * (vector * finalBytes + finalStillBytes) +
        finish.readBytes);
    out.fill(0, offset, offset + quantityCount);
    out[offset + quantity.workgroups] = workgroups;
    out[offset + quantity.invocations] = lanes * rows;
    out[offset + quantity.lanesX] = inSubgroups ? across : (lanes > 1 ? lanes : rows + 0 * lanes) + 0 * across;
    out[offset + quantity.lanesY] = inSubgroups ? subgroups : (lanes > 1 ? rows : 1 + 0 * lanes) + 0 * across;
    out[offset + quantity.outputs] = finalReduces ? 1 : finalRounds * vector;
    out[offset + quantity.vector] = vector;
    out[offset + quantity.steps] = rounds;
    out[offset + quantity.depth] = vector * unroll;
    out[offset + quantity.statements] = text(values, first);
    out[offset + quantity.workgroupBytes] = sharedBytes;
    out[offset + quantity.registers] = vector * unroll * loaded + 2 * widest + 2;
    // Nobody waits for the last result, which goes to storage.
    out[offset + quantity.barriers] = shared * (reductions.length * levels - (finalReduces && !inSubgroups ? 1 : 0));
    out[offset + quantity.useful] = points / computed;
    out[offset + quantity.flops] = flops;
    out[offset + quantity.iterations] = reductions.length * (repeats(rounds) + combining) + repeats(finalRounds);
    out[offset + quantity.storageReadBytes] = readBytes;
    out[offset + quantity.storageContiguousBytes] = contiguous && lanes > 1 ? readBytes : 0 * lanes * readBytes;
    out[offset + quantity.storageUniqueBytes] = uniqueBytes;
    out[offset + quantity.storageWriteBytes] = rowCount * columns * elementBytes;
    // Every lane of a subgroup reads what all subgroups left; else one lane reads it.
    out[offset + quantity.workgroupReadBytes] = workgroups * sharedBytes * (inSubgroups ? lanes : 1);
    out[offset + quantity.workgroupWriteBytes] = workgroups * sharedBytes;
    out[offset + quantity.idle] = inSubgroups ? 0 : shared * (1 - 1 / lanes);
    out[offset + quantity.guarded] = computed > points ? 1 : 0 * computed;
    out[offset + quantity.reusedBytes] = rows * length * elementBytes;
    out[offset + quantity.unrolled] = unroll > 1 ? 1 : 0 * unroll;
    out[offset + quantity.together] = 1;
    out[offset + quantity.parts] = 1;
    out[offset + quantity.registersX] = vector;
    out[offset + quantity.registersY] = unroll;
    out[offset + quantity.dispatchX] = dispatchX;
    out[offset + quantity.dispatchY] = otherRows;
    out[offset + quantity.dispatchZ] = dispatchZ;
  };
}
