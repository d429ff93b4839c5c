import type { LoopMode } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import { storeOf, unrollAll, vectorizeLast } from './emit-parts.ts';
import { type RowsLayout, widestDispatch } from './rows-layout.ts';

/** The decisions of a rows plan. */
export interface RowsChoice {
  readonly lanes: number;
  readonly rows: number;
  readonly tree: number;
  readonly vector: number;
  readonly unroll: number;
}

/** How a workgroup's rows and the columns of its last stage lie on invocations, the innermost axis last. */
interface Lanes {
  readonly rowsOn: LoopMode;
  readonly columns: readonly { readonly extent: number; readonly to: LoopMode }[];
}

/** The last stage carries the grid: its rows over workgroups, its columns over the lanes. Returns the loops of workgroups and of their rows. */
export function placeGrid(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  choice: RowsChoice,
  lanes: Lanes,
): { readonly grid: string; readonly row: string } {
  const { final, rowAxes } = layout;
  const finalReduces = final.reduction.length > 0;
  const carrier = finalReduces ? storeOf(builder, final) : final.block.name;
  const loops = builder.ownLoops(carrier).map((loop) => loop.name);
  const outerRows = loops.slice(0, rowAxes - 1);
  const folded = Math.ceil(layout.lastRowExtent / choice.rows) > widestDispatch;
  const parts = builder.split(loops[rowAxes - 1] as string, [null, ...(folded ? [widestDispatch] : []), choice.rows]);
  const [grid, row] = parts.slice(-2) as [string, string];
  const columns = finalReduces ? null : builder.fuse(loops.slice(rowAxes));
  const extents = lanes.columns.map(({ extent }) => extent);
  const column = columns === null ? [] : builder.split(columns, [null, ...extents, choice.vector]);
  const [rounds, vector] = [column[0] as string, column.at(-1) as string];
  const across = column.slice(1, -1);
  if (columns !== null) builder.reorder([...outerRows, grid, row, ...across, rounds, vector]);
  if (outerRows.length > 0) builder.bind(builder.fuse(outerRows), 'workgroup.y');
  if (folded) builder.bind(parts[0] as string, 'workgroup.z');
  builder.bind(grid, 'workgroup.x');
  builder.bind(row, lanes.rowsOn);
  if (columns !== null) {
    lanes.columns.forEach(({ extent, to }, i) => {
      if (extent > 1) builder.bind(across[i] as string, to);
    });
    if (choice.vector > 1) builder.vectorize(vector);
  }
  return { grid, row };
}

/** Moves what a stage hands on to other stages into nearer memory; what nobody reads may be gone by then. */
export function keepResults(builder: ScheduleBuilder, stage: StageInfo, scope: 'workgroup' | 'private'): void {
  const there = new Set(builder.program().buffers.map((buffer) => buffer.name));
  for (const { buffer } of stage.writes)
    if (there.has(buffer.name)) builder.apply('setScope', { buffer: buffer.name, scope });
}

/** With vectors, what other kernels or the caller made is loaded into registers first, several elements at once. */
export function loadAhead(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  stage: StageInfo,
  block: string,
  loop: string,
  choice: RowsChoice,
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
