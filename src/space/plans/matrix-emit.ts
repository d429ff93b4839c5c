import type { For } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import { cooperate, share } from './emit-parts.ts';
import type { MatrixLayout } from './matrix.ts';

/** WGSL's widest vector. */
const vector = 4;

/** What decisions say, rows first. */
interface Tiles {
  readonly subgroups: readonly [number, number];
  readonly matrices: readonly [number, number];
}

/**
 * Turns a matrix plan's decisions into primitives. A row's place is matrix * subgroups + subgroup, so that all subgroups together hold one
 * matrix each of a part of the tile; an epilogue reads the sums through workgroup memory, one such part after the other.
 */
export function emitMatrix(layout: MatrixLayout, builder: ScheduleBuilder, value: (index: number) => number): void {
  const { stage, config, lanes, subgroups: groupsAt, matrices: matricesAt } = layout;
  const block = stage.block.name;
  const tiles: Tiles = {
    subgroups: [value(groupsAt[0]), value(groupsAt[1])],
    matrices: [value(matricesAt[0]), value(matricesAt[1])],
  };
  const store = builder.cacheWrite(block, 'workgroup').block;
  const grid =
    stage.epilogue === null
      ? storeResult(layout, builder, store, tiles)
      : finishResult(layout, builder, store, stage.epilogue.block, tiles);
  builder.computeAt(block, grid);

  const loopOf = (iter: number): string => builder.loopOfIter(block, stage.block.iters[iter]?.name as string) as string;
  const [row, column, depth] = [loopOf(layout.row), loopOf(layout.column), loopOf(layout.depth)];
  const rows = builder.split(row, [null, tiles.subgroups[0], config.m]);
  const columns = builder.split(column, [null, tiles.subgroups[1], config.n]);
  const sums = builder.split(depth, [null, value(layout.step), config.k]);
  const at = (parts: readonly string[], level: number): string => parts[level] as string;
  builder.reorder([
    ...[at(rows, 1), at(columns, 1), at(sums, 0), at(sums, 1)],
    ...[at(rows, 0), at(columns, 0), at(rows, 2), at(columns, 2), at(sums, 2)],
  ]);
  bindSubgroups(builder, at(rows, 1), at(columns, 1));
  for (const loop of [at(rows, 0), at(columns, 0), at(sums, 1)]) builder.unroll(loop);
  builder.apply('subgroupMatrix', { loop: at(rows, 2) });
  stage.reads.forEach(({ buffer }, q) => {
    if (value(layout.staged[q] as number) === 0) return;
    const tile = builder.cacheRead(block, buffer.name, 'workgroup');
    builder.computeAt(tile.block, at(sums, 0));
    cooperate(builder, tile.block, [lanes, tiles.subgroups[1], tiles.subgroups[0]], vector);
  });
}

/** Matrices go to where the result lies. Returns the innermost loop of the grid. */
function storeResult(layout: MatrixLayout, builder: ScheduleBuilder, store: string, tiles: Tiles): string {
  const { config } = layout;
  const [row, column, others] = ownAxes(layout, builder, store);
  const rows = builder.split(row, [null, tiles.matrices[0], tiles.subgroups[0], config.m]);
  const columns = builder.split(column, [null, tiles.matrices[1], tiles.subgroups[1], config.n]);
  const at = (level: number): string[] => [rows[level] as string, columns[level] as string];
  builder.reorder([...others, ...at(0), ...at(2), ...at(1), ...at(3)]);
  bindGrid(builder, others, at(0));
  bindSubgroups(builder, rows[2] as string, columns[2] as string);
  for (const loop of at(1)) builder.unroll(loop);
  builder.apply('subgroupMatrix', { loop: rows[3] as string });
  return columns[0] as string;
}

/** Matrices go to workgroup memory, from where all invocations finish them. Returns the innermost loop of the grid. */
function finishResult(
  layout: MatrixLayout,
  builder: ScheduleBuilder,
  store: string,
  epilogue: string,
  tiles: Tiles,
): string {
  const { config, lanes, stage } = layout;
  builder.apply('setScope', { buffer: stage.write.buffer.name, scope: 'workgroup' });
  const [row, column, others] = ownAxes(layout, builder, epilogue);
  const rows = builder.split(row, [null, tiles.matrices[0], tiles.subgroups[0] * config.m]);
  const columns = builder.split(column, [null, tiles.matrices[1], tiles.subgroups[1] * config.n]);
  const at = (level: number): string[] => [rows[level] as string, columns[level] as string];
  builder.reorder([...others, ...at(0), ...at(1), ...at(2)]);
  bindGrid(builder, others, at(0));
  const rounds = share(builder, at(2), [lanes, tiles.subgroups[1], tiles.subgroups[0]], vector);
  builder.computeAt(store, columns[1] as string);
  const [storeRow, storeColumn] = ownAxes(layout, builder, store);
  const storeRows = builder.split(storeRow, [null, config.m]);
  const storeColumns = builder.split(storeColumn, [null, config.n]);
  const both = (level: number): string[] => [storeRows[level] as string, storeColumns[level] as string];
  builder.reorder([...both(0), ...both(1)]);
  bindSubgroups(builder, ...(both(0) as [string, string]));
  builder.apply('subgroupMatrix', { loop: storeRows[1] as string });
  for (const loop of [...at(1), rounds]) builder.unroll(loop);
  return columns[0] as string;
}

/** A block's own loops over rows and columns, and the others; blocks of elements have one loop for each spatial iter, in their order. */
function ownAxes(
  { stage, row, column }: MatrixLayout,
  builder: ScheduleBuilder,
  block: string,
): readonly [string, string, readonly string[]] {
  const own: readonly For[] = builder.ownLoops(block);
  const spatial = stage.block.iters.flatMap((iter, i) => (iter.type === 'spatial' ? [i] : []));
  const [rowLoop, columnLoop] = [row, column].map((axis) => own[spatial.indexOf(axis)] as For);
  const others = own.filter((loop) => loop !== rowLoop && loop !== columnLoop).map((loop) => loop.name);
  return [(rowLoop as For).name, (columnLoop as For).name, others];
}

function bindGrid(builder: ScheduleBuilder, others: readonly string[], grid: readonly string[]): void {
  if (others.length > 0) builder.bind(builder.fuse(others), 'workgroup.z');
  builder.bind(grid[0] as string, 'workgroup.y');
  builder.bind(grid[1] as string, 'workgroup.x');
}

/** Subgroups lie beside each other along y and z: x is their lanes. */
function bindSubgroups(builder: ScheduleBuilder, row: string, column: string): void {
  builder.bind(row, 'invocation.z');
  builder.bind(column, 'invocation.y');
}
