import { findBlock } from '../../schedule/legality/find.ts';
import { assert } from '../../support/errors.ts';
import { isRefusal } from '../../support/refusal.ts';
import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import type { StageNest } from '../tiling.ts';
import { keepResults, loadAndWrite, ownNames, placeGrid, type Rows } from './row-parts.ts';

/** A reduction taken apart. */
interface Levels {
  /** What each lane reduces by itself. */
  readonly partial: { readonly block: string; readonly buffers: readonly string[] };
  /** The block that the lanes of a subgroup share; with one subgroup per row, the stage's own. */
  readonly sharing: string;
  /** Where the subgroups of a row leave their results for each other; null with one per row. */
  readonly shared: readonly string[] | null;
  /** Iters of the lane's block: rounds, unrolled rounds, elements of a vector. */
  readonly iters: readonly [string, string, string];
}

/**
 * Lanes combine their partial results within subgroups, without memory: invocations (lane, subgroup, row). Where several subgroups share a
 * row, their results meet in workgroup memory, and every lane combines those. Results stay in registers, where the next stage reads them.
 */
export function emitSubgroups(rows: Rows, builder: ScheduleBuilder): void {
  const groups = rows.lanes / rows.subgroup;
  const levels = rows.nests.map(({ stage }) => takeApart(builder, stage, rows, groups));
  const { grid, row } = placeGrid(builder, rows, 'invocation.z', [
    { extent: groups, to: 'invocation.y' },
    { extent: rows.subgroup, to: 'invocation.x' },
  ]);
  // A workgroup's only row is common to all of its invocations, so that its loop need not hold the blocks.
  for (const [i, nest] of [...rows.nests.entries()].reverse())
    place(builder, rows, nest, levels[i] as Levels, rows.rows > 1 ? row : grid);
}

function takeApart(
  builder: ScheduleBuilder,
  stage: StageInfo,
  { unroll, subgroup, vector }: Rows,
  groups: number,
): Levels {
  const block = stage.block.name;
  const fused = builder.fuse(ownNames(builder, block).slice(stage.spatial.length));
  const parts = builder.split(fused, [null, unroll, groups, subgroup, vector]);
  const [rounds, unrolled, group, lane, elements] = parts as [string, string, string, string, string];
  const shared = groups > 1 ? builder.rfactor(block, group) : null;
  const sharing = shared?.block ?? block;
  // The loops of partial results are copies; their iters are named after the loops that they came from.
  const loopOf = (loop: string): string => (shared === null ? loop : (builder.loopOfIter(sharing, loop) ?? loop));
  const iters = [loopOf(rounds), loopOf(unrolled), loopOf(elements)] as const;
  const partial = builder.rfactor(sharing, loopOf(lane));
  return { partial, sharing, shared: shared?.buffers ?? null, iters };
}

function place(
  builder: ScheduleBuilder,
  rows: Rows,
  nest: StageNest,
  { partial, sharing, shared, iters }: Levels,
  at: string,
): void {
  const block = nest.stage.block.name;
  if (nest.stage !== rows.final) keepResults(builder, nest.stage, 'private');
  builder.computeAt(block, at);
  if (shared !== null) {
    const store = builder.cacheWrite(sharing, 'private');
    for (const buffer of shared) builder.apply('setScope', { buffer, scope: 'workgroup' });
    builder.computeAt(store.block, at);
    const group = ownNames(builder, store.block)[rows.rowAxes] as string;
    builder.bind(group, 'invocation.y');
    builder.computeAt(sharing, group);
  }
  const lane = reductionLoop(builder, sharing);
  for (const buffer of partial.buffers) builder.apply('setScope', { buffer, scope: 'private' });
  builder.computeAt(partial.block, lane);
  builder.bind(lane, 'subgroup.x');
  loadAndWrite(builder, nest, partial.block, iters, rows.vector);
}

/** The one loop that a block of partial results reduces over. */
function reductionLoop(builder: ScheduleBuilder, block: string): string {
  const site = findBlock(builder.program(), block);
  const iter = isRefusal(site) ? undefined : site.block.iters.find(({ type }) => type === 'reduction');
  const loop = iter === undefined ? null : builder.loopOfIter(block, iter.name);
  assert(loop !== null, () => `block ${block} reduces over no loop`);
  return loop;
}
