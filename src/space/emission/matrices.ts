import type { ScheduleBuilder } from '../builder.ts';
import { type Axis, axesOf, type Level, lastNest, type Meeting, type StageNest, type Tiling } from '../tiling.ts';
import { bindAlong, cooperate, type Numbers, share, workgroupSizeOf } from './parts.ts';
import { inGroups } from './tiles.ts';

/** The decided numbers, each for rows and for columns. */
interface Matrices {
  readonly nest: StageNest;
  readonly rows: Axis;
  readonly columns: Axis;
  readonly subgroups: readonly [number, number];
  readonly matrices: readonly [number, number];
  /** Extents of one matrix of results. */
  readonly size: readonly [number, number];
  readonly workgroup: readonly [number, number, number];
  /** Rows of tiles that workgroups walk together. */
  readonly group: number;
}

/** WGSL's widest vector. */
const vector = 4;

/** Tiles of whole matrices that the lanes of subgroups hold; an epilogue reads the sums through workgroup memory, one part after the other. */
export function emitMatrices(
  tiling: Tiling,
  { config }: Meeting & { readonly kind: 'matrix' },
  builder: ScheduleBuilder,
  value: Numbers,
): void {
  const nest = lastNest(tiling);
  const { stage } = nest;
  const block = stage.block.name;
  const [rows, columns] = axesOf(nest, 'spatial') as [Axis, Axis];
  const [sums] = axesOf(nest, 'reduction') as [Axis];
  const both = (kind: Level['kind']): readonly [number, number] => {
    const of = (axis: Axis): number => value(axis.levels.find((level) => level.kind === kind)?.factor as number);
    return [of(rows), of(columns)];
  };
  const made: Matrices = {
    nest,
    rows,
    columns,
    subgroups: both('invocation'),
    matrices: both('register'),
    size: both('matrix'),
    workgroup: workgroupSizeOf(tiling, value),
    group: value(tiling.group ?? 1),
  };
  const store = builder.cacheWrite(block, 'workgroup').block;
  const grid =
    stage.epilogue === null
      ? storeResult(builder, store, made)
      : finishResult(builder, store, stage.epilogue.block, made);
  builder.computeAt(block, grid);

  const loopOf = ({ iters }: Axis): string =>
    builder.loopOfIter(block, stage.block.iters[iters[0] as number]?.name as string) as string;
  const [row, column, depth] = [loopOf(rows), loopOf(columns), loopOf(sums)];
  const inRows = builder.split(row, [null, made.subgroups[0], config.m]);
  const inColumns = builder.split(column, [null, made.subgroups[1], config.n]);
  const inDepth = builder.split(depth, [null, value(sums.levels[1]?.factor as number), config.k]);
  const at = (parts: readonly string[], level: number): string => parts[level] as string;
  builder.reorder([
    ...[at(inRows, 1), at(inColumns, 1), at(inDepth, 0), at(inDepth, 1)],
    ...[at(inRows, 0), at(inColumns, 0), at(inRows, 2), at(inColumns, 2), at(inDepth, 2)],
  ]);
  bindSubgroups(builder, at(inRows, 1), at(inColumns, 1));
  for (const loop of [at(inRows, 0), at(inColumns, 0), at(inDepth, 1)]) builder.unroll(loop);
  builder.apply('subgroupMatrix', { loop: at(inRows, 2) });
  for (const { read, isTaken, vector: width } of nest.copies) {
    if (value(isTaken) === 0) continue;
    const tile = builder.cacheRead(block, nest.reads[read]?.buffer.name as string, 'workgroup');
    builder.computeAt(tile.block, at(inDepth, 0));
    cooperate(builder, tile.block, made.workgroup, value(width));
  }
}

/** Matrices go to where the result lies. Returns the innermost loop of the grid. */
function storeResult(builder: ScheduleBuilder, store: string, made: Matrices): string {
  const [row, column, others] = ownAxes(builder, store, made);
  const split = (loop: string, d: 0 | 1): string[] =>
    builder.split(loop, [null, made.matrices[d], made.subgroups[d], made.size[d]]);
  const [rows, columns] = [split(row, 0), split(column, 1)];
  const at = (level: number): string[] => [rows[level] as string, columns[level] as string];
  builder.reorder([...others, ...at(0), ...at(2), ...at(1), ...at(3)]);
  const innermost = bindGrid(builder, others, at(0), made);
  bindSubgroups(builder, rows[2] as string, columns[2] as string);
  for (const loop of at(1)) builder.unroll(loop);
  builder.apply('subgroupMatrix', { loop: rows[3] as string });
  return innermost;
}

/** Matrices go to workgroup memory, from where all invocations finish them. Returns the innermost loop of the grid. */
function finishResult(builder: ScheduleBuilder, store: string, epilogue: string, made: Matrices): string {
  builder.apply('setScope', { buffer: made.nest.stage.write.buffer.name, scope: 'workgroup' });
  const [row, column, others] = ownAxes(builder, epilogue, made);
  const split = (loop: string, d: 0 | 1): string[] =>
    builder.split(loop, [null, made.matrices[d], made.subgroups[d] * made.size[d]]);
  const [rows, columns] = [split(row, 0), split(column, 1)];
  const at = (level: number): string[] => [rows[level] as string, columns[level] as string];
  builder.reorder([...others, ...at(0), ...at(1), ...at(2)]);
  const innermost = bindGrid(builder, others, at(0), made);
  const rounds = share(builder, at(2), made.workgroup, vector);
  builder.computeAt(store, columns[1] as string);
  const [storeRow, storeColumn] = ownAxes(builder, store, made);
  const storeRows = builder.split(storeRow, [null, made.size[0]]);
  const storeColumns = builder.split(storeColumn, [null, made.size[1]]);
  const both = (level: number): [string, string] => [storeRows[level] as string, storeColumns[level] as string];
  builder.reorder([...both(0), ...both(1)]);
  bindSubgroups(builder, ...both(0));
  builder.apply('subgroupMatrix', { loop: storeRows[1] as string });
  for (const loop of [...at(1), rounds]) builder.unroll(loop);
  return innermost;
}

/** A block's own loops over rows and columns, and the others; blocks of elements have one loop for each spatial iter, in their order. */
function ownAxes(
  builder: ScheduleBuilder,
  block: string,
  { nest, rows, columns }: Matrices,
): readonly [string, string, readonly string[]] {
  const own = builder.ownLoops(block).map(({ name }) => name);
  const spatial = nest.stage.block.iters.flatMap((iter, i) => (iter.type === 'spatial' ? [i] : []));
  const loopOf = ({ iters }: Axis): string => own[spatial.indexOf(iters[0] as number)] as string;
  const [row, column] = [loopOf(rows), loopOf(columns)];
  return [row, column, own.filter((loop) => loop !== row && loop !== column)];
}

/** Returns the loop along x. */
function bindGrid(
  builder: ScheduleBuilder,
  others: readonly string[],
  grid: readonly string[],
  { group }: Pick<Matrices, 'group'>,
): string {
  const [row, column] = grid as [string, string];
  const [rows, inGroup] = group > 1 ? builder.split(row, [null, group]) : [row];
  const placed = inGroups([
    ...others.map((loop) => ({ loop, along: 2, isGroup: false })),
    { loop: rows as string, along: 1, isGroup: false },
    ...(inGroup === undefined ? [] : [{ loop: inGroup, along: 1, isGroup: true }]),
    { loop: column, along: 0, isGroup: false },
  ]);
  if (group > 1) builder.reorder(placed.map(({ loop }) => loop));
  return bindAlong(builder, 'workgroup', placed);
}

/** Subgroups lie beside each other along y and z: x is their lanes. */
function bindSubgroups(builder: ScheduleBuilder, row: string, column: string): void {
  builder.bind(row, 'invocation.z');
  builder.bind(column, 'invocation.y');
}
