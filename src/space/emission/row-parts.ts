import type { BindTarget, ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import type { StageNest } from '../tiling.ts';
import { storeOf, unrollAll, vectorizeLast } from './parts.ts';

/** A tiling of rows with its decisions made. */
export interface Rows {
  readonly nests: readonly StageNest[];
  readonly final: StageInfo;
  /** Number of leading loops of a stage that are rows; workgroups along x before the last of these loops is folded, null where it is not. */
  readonly rowAxes: number;
  readonly folded: number | null;
  readonly rows: number;
  readonly lanes: number;
  readonly subgroup: number;
  readonly tree: number;
  readonly vector: number;
  readonly unroll: number;
}

export const ownNames = (builder: ScheduleBuilder, block: string): string[] =>
  builder.ownLoops(block).map((loop) => loop.name);

/**
 * The last stage carries the grid: its rows over workgroups, its columns over the lanes (`across`, the innermost last). Returns the loops of
 * workgroups and of their rows.
 */
export function placeGrid(
  builder: ScheduleBuilder,
  { final, rowAxes, folded, rows, vector }: Rows,
  rowsOn: BindTarget,
  across: readonly { readonly extent: number; readonly to: BindTarget }[],
): { readonly grid: string; readonly row: string } {
  const isReduction = final.reduction.length > 0;
  const carrier = isReduction ? storeOf(builder, final) : final.block.name;
  const loops = ownNames(builder, carrier);
  const outerRows = loops.slice(0, rowAxes - 1);
  const parts = builder.split(loops[rowAxes - 1] as string, [null, ...(folded === null ? [] : [folded]), rows]);
  const [grid, row] = parts.slice(-2) as [string, string];
  // A stage that only finishes what was reduced has one element per row, as a reduction has.
  const columns = isReduction || loops.length === rowAxes ? null : builder.fuse(loops.slice(rowAxes));
  const column = columns === null ? [] : builder.split(columns, [null, ...across.map(({ extent }) => extent), vector]);
  const [rounds, elements] = [column[0] as string, column.at(-1) as string];
  const lanes = column.slice(1, -1);
  if (columns !== null) builder.reorder([...outerRows, grid, row, ...lanes, rounds, elements]);
  if (outerRows.length > 0) builder.bind(builder.fuse(outerRows), 'workgroup.y');
  if (folded !== null) builder.bind(parts[0] as string, 'workgroup.z');
  builder.bind(grid, 'workgroup.x');
  builder.bind(row, rowsOn);
  if (columns !== null) {
    for (const [i, { extent, to }] of across.entries()) if (extent > 1) builder.bind(lanes[i] as string, to);
    if (vector > 1) builder.vectorize(elements);
  }
  return { grid, row };
}

/** Moves the results that a stage hands on to other stages into nearer memory; a result that no stage reads may be gone by then. */
export function keepResults(builder: ScheduleBuilder, stage: StageInfo, scope: 'workgroup' | 'private'): void {
  const there = new Set(builder.program().buffers.map((buffer) => buffer.name));
  for (const { buffer } of stage.writes)
    if (there.has(buffer.name)) builder.apply('setScope', { buffer: buffer.name, scope });
}

/** Puts the loads of a block of partial results first and unrolls them. `iters`: its rounds, unrolled rounds and elements of a vector. */
export function loadAndWrite(
  builder: ScheduleBuilder,
  nest: StageNest,
  block: string,
  iters: readonly [string, string, string],
  vector: number,
): void {
  const [rounds, unrolled, elements] = iters.map((iter) => builder.loopOfIter(block, iter));
  const loadAt = unrolled ?? rounds;
  if (loadAt) loadAhead(builder, nest, block, loadAt, vector);
  if (unrolled) builder.unroll(unrolled);
  if (elements) builder.unroll(elements);
}

/** With vectors, operands made by other kernels or the caller are loaded into registers first, several elements at once. */
export function loadAhead(
  builder: ScheduleBuilder,
  { reads, copies }: StageNest,
  block: string,
  at: string,
  vector: number,
): void {
  if (vector < 2) return;
  const names = new Set(copies.map(({ read }) => reads[read]?.buffer.name as string));
  for (const name of names) {
    const copy = builder.cacheRead(block, name, 'private');
    builder.computeAt(copy.block, at);
    vectorizeLast(builder, copy.block, vector);
    unrollAll(builder, copy.block);
  }
}
