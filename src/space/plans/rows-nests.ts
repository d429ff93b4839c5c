import { fusedBox, level, type Nest, type NestNumbers } from '../nest.ts';
import type { StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import { type RowsLayout, widestDispatch } from './rows-layout.ts';

/** The nests of a rows plan, one a stage: the lanes of a workgroup go along the columns together, a vector each. */
export function rowsNests(layout: RowsLayout): Nest[] {
  const { reductions, final } = layout;
  const stages = reductions.includes(final) ? reductions : [...reductions, final];
  const made = new Set(stages.flatMap((stage) => stage.writes.map(({ buffer }) => buffer.name)));
  const seen = new Set<string>();
  return stages.map((stage) => {
    const reads = stage.reads.filter(({ buffer }) => !made.has(buffer.name));
    const again = reads.map(({ buffer }) => seen.has(buffer.name));
    for (const { buffer } of reads) seen.add(buffer.name);
    return { stage, reads, again, writes: stage === final ? [stage.write] : [], describe: describer(layout, stage) };
  });
}

function describer(layout: RowsLayout, stage: StageInfo): Nest['describe'] {
  const { rowAxes, lastRowExtent, rowCount } = layout;
  const count = stage.block.iters.length;
  const extents = Float64Array.from(stage.block.iters, (iter) => iter.extent);
  const columns = extents.subarray(rowAxes).reduce((all, next) => all * next, 1);
  const otherRows = rowCount / lastRowExtent;
  // Only reductions write several rounds out.
  const reduces = stage.reduction.length > 0;
  return (values, first, into: NestNumbers) => {
    const { boxes, counts, besideX, besideY } = into;
    const lanes = decided(values, first, layout.lanes);
    const rows = decided(values, first, layout.rows);
    const vector = decided(values, first, layout.vector);
    const unroll = reduces ? decided(values, first, layout.unroll) : 1;
    const groups = Math.ceil(lastRowExtent / rows);
    const workgroups =
      (groups > widestDispatch ? Math.ceil(groups / widestDispatch) * widestDispatch : groups) * otherRows;
    const alongX = groups > widestDispatch ? widestDispatch : groups;
    const rounds = Math.ceil(columns / (lanes * vector * unroll));
    boxes.fill(1);
    const perRound = lanes * vector * unroll;
    fusedBox(extents, rowAxes, count, vector, boxes, level.load * count);
    fusedBox(extents, rowAxes, count, perRound, boxes, level.step * count);
    for (let l: number = level.workgroup; l <= level.grid; l++)
      for (let i = rowAxes; i < count; i++) boxes[l * count + i] = extents[i] as number;
    const lastRow = rowAxes - 1;
    if (lastRow >= 0) {
      for (let l: number = level.step; l <= level.workgroup; l++)
        boxes[l * count + lastRow] = rows > lastRowExtent ? lastRowExtent : rows;
      boxes[level.row * count + lastRow] = alongX * rows > lastRowExtent ? lastRowExtent : alongX * rows;
    }
    for (let i = 0; i < rowAxes; i++) boxes[level.grid * count + i] = extents[i] as number;
    counts[level.load] = workgroups * rows * lanes * rounds * unroll;
    counts[level.step] = workgroups * rounds;
    counts[level.workgroup] = workgroups;
    counts[level.row] = workgroups / alongX;
    counts[level.grid] = 1;
    besideX.fill(0);
    besideY.fill(0);
    // One lane a row: the rows lie along x.
    const alone = lanes > 1 ? 0 : 1 + 0 * lanes;
    if (count > rowAxes) besideX[count - 1] = (1 - alone) * vector;
    if (lastRow >= 0) besideX[lastRow] = alone;
    // The subgroups of a row lie along y; else its other rows do.
    const subgroup = decided(values, first, layout.subgroup);
    const across = subgroup > 1 ? (lanes < subgroup ? lanes : subgroup + 0 * lanes) : 1 + 0 * subgroup;
    const inSubgroups = across > 1 ? 1 : 0 * across;
    if (count > rowAxes) besideY[count - 1] = inSubgroups * across * vector;
    if (lastRow >= 0) besideY[lastRow] = (1 - inSubgroups) * (1 - alone);
    into.staged.fill(0);
    into.vector = vector;
    into.padding = 0;
  };
}
