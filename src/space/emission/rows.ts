import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import {
  type Axis,
  countOf,
  factorOf,
  lastNest,
  type Meeting,
  mainNest,
  type StageNest,
  type Tiling,
} from '../tiling.ts';
import type { Numbers } from './parts.ts';
import { keepResults, loadAhead, loadAndWrite, ownNames, placeGrid, type Rows } from './row-parts.ts';
import { emitSubgroups } from './subgroups.ts';

/** Turns rows into primitives: each stage's reduction is shared by the lanes of a row, and what stages hand on stays in the kernel. */
export function emitRows(
  tiling: Tiling,
  meeting: Meeting & { readonly kind: 'lanes' },
  builder: ScheduleBuilder,
  value: Numbers,
): void {
  const { nests } = tiling;
  const final = lastNest(tiling).stage;
  const { stage, axes } = mainNest(tiling);
  const lastRow = axes.at(-2) as Axis;
  const [deep, wide] = lastRow.levels.map((level) => value(factorOf(lastRow, level))) as [number, number];
  const rows: Rows = {
    nests: nests.filter((nest) => nest.stage.reduction.length > 0),
    final,
    rowAxes: stage.spatial.length,
    folded: deep > 1 ? wide : null,
    rows: value(meeting.rows),
    lanes: value(meeting.lanes),
    subgroup: value(meeting.subgroup),
    tree: value(meeting.tree),
    vector: value(tiling.vector),
    unroll: value(countOf(axes.at(-1) as Axis, 'step')),
  };
  if (rows.subgroup > 1) emitSubgroups(rows, builder);
  else emitInMemory(rows, builder);
}

/** Lanes share their partial results through workgroup memory. */
function emitInMemory(rows: Rows, builder: ScheduleBuilder): void {
  const { lanes, nests } = rows;
  const partials = new Map<StageNest, Partial>();
  if (lanes > 1) for (const nest of nests) partials.set(nest, factorOverLanes(builder, nest.stage, rows));
  const at = placeGrid(builder, rows, lanes > 1 ? 'invocation.y' : 'invocation.x', [
    { extent: lanes, to: 'invocation.x' },
  ]);
  // Readers are placed before what they read: each stage moves to where its readers already are.
  for (const nest of [...nests].reverse()) {
    const partial = partials.get(nest);
    if (partial === undefined) placeAlone(builder, rows, nest, at.row);
    else placeShared(builder, rows, nest, partial, at);
  }
}

interface Partial {
  /** Blocks of partial results, the one that reads the inputs first. */
  readonly levels: readonly { readonly block: string; readonly buffers: readonly string[] }[];
  /** Iters of that first block: rounds, unrolled rounds, elements of a vector. */
  readonly iters: readonly [string, string, string];
}

/** S = sum over k   ->   one partial result per lane, optionally `tree` partial results of those, then S. */
function factorOverLanes(builder: ScheduleBuilder, stage: StageInfo, { unroll, lanes, vector, tree }: Rows): Partial {
  const block = stage.block.name;
  const fused = builder.fuse(ownNames(builder, block).slice(stage.spatial.length));
  const parts = builder.split(fused, [null, unroll, lanes, vector]);
  const levels = [builder.rfactor(block, parts[2] as string)];
  if (tree > 1) {
    const [, outer] = builder.split(parts[2] as string, [null, tree]);
    levels.push(builder.rfactor(block, outer as string));
  }
  return { levels, iters: [parts[0], parts[1], parts[3]] as [string, string, string] };
}

function placeShared(
  builder: ScheduleBuilder,
  rows: Rows,
  nest: StageNest,
  partial: Partial,
  at: { readonly grid: string; readonly row: string },
): void {
  const block = nest.stage.block.name;
  if (nest.stage !== rows.final) {
    const store = builder.cacheWrite(block, 'private');
    keepResults(builder, nest.stage, 'workgroup');
    builder.computeAt(store.block, at.grid);
    const row = ownNames(builder, store.block)[rows.rowAxes - 1] as string;
    builder.bind(row, 'invocation.y');
    builder.computeAt(block, row);
  } else builder.computeAt(block, at.row);
  for (const level of [...partial.levels].reverse()) {
    const store = builder.cacheWrite(level.block, 'private');
    for (const buffer of level.buffers) builder.apply('setScope', { buffer, scope: 'workgroup' });
    builder.computeAt(store.block, at.grid);
    const loops = ownNames(builder, store.block);
    builder.bind(loops[rows.rowAxes - 1] as string, 'invocation.y');
    builder.bind(loops[rows.rowAxes] as string, 'invocation.x');
    builder.computeAt(level.block, loops[rows.rowAxes] as string);
  }
  const reader = (partial.levels[0] as { block: string }).block;
  loadAndWrite(builder, nest, reader, partial.iters, rows.vector);
}

function placeAlone(builder: ScheduleBuilder, rows: Rows, nest: StageNest, row: string): void {
  const block = nest.stage.block.name;
  if (nest.stage !== rows.final) keepResults(builder, nest.stage, 'private');
  builder.computeAt(block, row);
  const fused = builder.fuse(ownNames(builder, block).slice(rows.rowAxes));
  const parts = builder.split(fused, [null, rows.unroll, rows.vector]);
  loadAhead(builder, nest, block, parts[1] as string, rows.vector);
  builder.unroll(parts[1] as string);
  builder.unroll(parts[2] as string);
}
