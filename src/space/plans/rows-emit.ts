import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import type { RowsLayout } from './rows-layout.ts';
import { keepResults, loadAhead, placeGrid, type RowsChoice } from './rows-parts.ts';
import { emitRowsInSubgroups } from './rows-subgroups.ts';

/** Turns a rows plan's decisions into primitives. */
export function emitRows(layout: RowsLayout, builder: ScheduleBuilder, value: (index: number) => number): void {
  const choice: RowsChoice = {
    lanes: value(layout.lanes),
    rows: value(layout.rows),
    tree: value(layout.tree),
    vector: value(layout.vector),
    unroll: value(layout.unroll),
  };
  const subgroup = Math.min(value(layout.subgroup), choice.lanes);
  if (subgroup > 1) emitRowsInSubgroups(layout, builder, choice, subgroup);
  else emitRowsInMemory(layout, builder, choice);
}

/** Lanes share their partial results through workgroup memory. */
function emitRowsInMemory(layout: RowsLayout, builder: ScheduleBuilder, choice: RowsChoice): void {
  const partials = new Map<string, Partial>();
  if (choice.lanes > 1)
    for (const stage of layout.reductions) partials.set(stage.block.name, factorOverLanes(builder, stage, choice));
  const at = placeGrid(builder, layout, choice, {
    rowsOn: choice.lanes > 1 ? 'invocation.y' : 'invocation.x',
    columns: [{ extent: choice.lanes, to: 'invocation.x' }],
  });
  // Readers before what they read: each stage moves to where its readers already are.
  for (const stage of [...layout.reductions].reverse()) {
    const partial = partials.get(stage.block.name);
    if (partial === undefined) placeAlone(builder, layout, stage, at.row, choice);
    else placeShared(builder, layout, stage, partial, at, choice);
  }
}

interface Partial {
  /** Blocks of partial results, the one that reads the inputs first. */
  readonly levels: readonly { readonly block: string; readonly buffers: readonly string[] }[];
  /** Iters of that first block: rounds, unrolled rounds, elements of a vector. */
  readonly iters: readonly [string, string, string];
}

/** S = sum over k   ->   one partial result a lane, optionally `tree` partial results of those, then S. */
function factorOverLanes(builder: ScheduleBuilder, stage: StageInfo, choice: RowsChoice): Partial {
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
  choice: RowsChoice,
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

function placeAlone(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  stage: StageInfo,
  row: string,
  choice: RowsChoice,
): void {
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
