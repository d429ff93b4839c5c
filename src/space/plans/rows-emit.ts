import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import { storeOf, unrollAll, vectorizeLast } from './emit-parts.ts';
import { type RowsLayout, widestDispatch } from './rows-layout.ts';

interface Choice {
  readonly lanes: number;
  readonly rows: number;
  readonly tree: number;
  readonly vector: number;
  readonly unroll: number;
}

/** Turns a rows plan's decisions into primitives. */
export function emitRows(layout: RowsLayout, builder: ScheduleBuilder, value: (index: number) => number): void {
  const choice: Choice = {
    lanes: value(layout.lanes),
    rows: value(layout.rows),
    tree: value(layout.tree),
    vector: value(layout.vector),
    unroll: value(layout.unroll),
  };
  const rowsOn = choice.lanes > 1 ? 'invocation.y' : 'invocation.x';
  const { final, rowAxes } = layout;

  // The last stage carries the grid: its rows over workgroups, its columns over the lanes.
  const finalReduces = final.reduction.length > 0;
  const partials = new Map<string, Partial>();
  if (choice.lanes > 1)
    for (const stage of layout.reductions) partials.set(stage.block.name, factorOverLanes(builder, stage, choice));
  const carrier = finalReduces ? storeOf(builder, final) : final.block.name;
  const loops = builder.ownLoops(carrier).map((loop) => loop.name);
  const outerRows = loops.slice(0, rowAxes - 1);
  const folded = Math.ceil(layout.lastRowExtent / choice.rows) > widestDispatch;
  const parts = builder.split(loops[rowAxes - 1] as string, [null, ...(folded ? [widestDispatch] : []), choice.rows]);
  const [grid, row] = parts.slice(-2);
  const columns = finalReduces ? null : builder.fuse(loops.slice(rowAxes));
  const column = columns === null ? [] : builder.split(columns, [null, choice.lanes, choice.vector]);
  if (columns !== null) builder.reorder([...outerRows, grid, row, column[1], column[0], column[2]] as string[]);
  if (outerRows.length > 0) builder.bind(builder.fuse(outerRows), 'workgroup.y');
  if (folded) builder.bind(parts[0] as string, 'workgroup.z');
  builder.bind(grid as string, 'workgroup.x');
  builder.bind(row as string, rowsOn);
  if (column.length > 0) {
    if (choice.lanes > 1) builder.bind(column[1] as string, 'invocation.x');
    if (choice.vector > 1) builder.vectorize(column[2] as string);
  }

  // Readers before what they read: each stage moves to where its readers already are.
  for (const stage of [...layout.reductions].reverse()) {
    const partial = partials.get(stage.block.name);
    if (partial === undefined) placeAlone(builder, layout, stage, row as string, choice);
    else placeShared(builder, layout, stage, partial, { grid: grid as string, row: row as string }, choice);
  }
}

interface Partial {
  /** Blocks of partial results, the one that reads the inputs first. */
  readonly levels: readonly { readonly block: string; readonly buffers: readonly string[] }[];
  /** Iters of that first block: rounds, unrolled rounds, elements of a vector. */
  readonly iters: readonly [string, string, string];
}

/** S = sum over k   ->   one partial result a lane, optionally `tree` partial results of those, then S. */
function factorOverLanes(builder: ScheduleBuilder, stage: StageInfo, choice: Choice): Partial {
  const block = stage.block.name;
  const rows = stage.spatial.length;
  const fused = builder.fuse(
    builder
      .ownLoops(block)
      .slice(rows)
      .map((loop) => loop.name),
  );
  const parts = builder.split(fused, [null, choice.unroll, choice.lanes, choice.vector]);
  const levels = [builder.rfactor(block, parts[2] as string)];
  if (choice.tree > 1) {
    const [, tree] = builder.split(parts[2] as string, [null, choice.tree]);
    levels.push(builder.rfactor(block, tree as string));
  }
  return { levels, iters: [parts[0], parts[1], parts[3]] as [string, string, string] };
}

function placeShared(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  stage: StageInfo,
  partial: Partial,
  at: { grid: string; row: string },
  choice: Choice,
): void {
  const block = stage.block.name;
  if (stage !== layout.final) {
    const store = builder.cacheWrite(block, 'private');
    keepResults(builder, stage, 'workgroup');
    builder.computeAt(store.block, at.grid);
    const row = builder.ownLoops(store.block).map((loop) => loop.name)[layout.rowAxes - 1] as string;
    builder.bind(row, 'invocation.y');
    builder.computeAt(block, row);
  } else builder.computeAt(block, at.row);
  for (const level of [...partial.levels].reverse()) {
    const store = builder.cacheWrite(level.block, 'private');
    for (const buffer of level.buffers) builder.apply('setScope', { buffer, scope: 'workgroup' });
    builder.computeAt(store.block, at.grid);
    const loops = builder.ownLoops(store.block).map((loop) => loop.name);
    builder.bind(loops[layout.rowAxes - 1] as string, 'invocation.y');
    builder.bind(loops[layout.rowAxes] as string, 'invocation.x');
    builder.computeAt(level.block, loops[layout.rowAxes] as string);
  }
  const reader = (partial.levels[0] as { block: string }).block;
  const [rounds, unrolled, lane] = partial.iters.map((iter) => builder.loopOfIter(reader, iter));
  const loadAt = unrolled ?? rounds;
  if (loadAt !== null && loadAt !== undefined) loadAhead(builder, layout, stage, reader, loadAt, choice);
  if (unrolled) builder.unroll(unrolled);
  if (lane) builder.unroll(lane);
}

function placeAlone(builder: ScheduleBuilder, layout: RowsLayout, stage: StageInfo, row: string, choice: Choice): void {
  const block = stage.block.name;
  if (stage !== layout.final) keepResults(builder, stage, 'private');
  builder.computeAt(block, row);
  const fused = builder.fuse(
    builder
      .ownLoops(block)
      .slice(layout.rowAxes)
      .map((loop) => loop.name),
  );
  const parts = builder.split(fused, [null, choice.unroll, choice.vector]);
  loadAhead(builder, layout, stage, block, parts[1] as string, choice);
  builder.unroll(parts[1] as string);
  builder.unroll(parts[2] as string);
}

/** Moves what a stage hands on to other stages into nearer memory; what nobody reads may be gone by then. */
function keepResults(builder: ScheduleBuilder, stage: StageInfo, scope: 'workgroup' | 'private'): void {
  const there = new Set(builder.program().buffers.map((buffer) => buffer.name));
  for (const { buffer } of stage.writes)
    if (there.has(buffer.name)) builder.apply('setScope', { buffer: buffer.name, scope });
}

/** With vectors, what other kernels or the caller made is loaded into registers first, several elements at once. */
function loadAhead(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  stage: StageInfo,
  block: string,
  loop: string,
  choice: Choice,
): void {
  if (choice.vector < 2) return;
  const own = new Set(layout.reductions.flatMap((other) => other.writes.map(({ buffer }) => buffer.name)));
  const seen = new Set<string>();
  for (const read of stage.reads) {
    if (own.has(read.buffer.name) || seen.has(read.buffer.name)) continue;
    seen.add(read.buffer.name);
    const copy = builder.cacheRead(block, read.buffer.name, 'private');
    builder.computeAt(copy.block, loop);
    vectorizeLast(builder, copy.block, choice.vector);
    unrollAll(builder, copy.block);
  }
}
