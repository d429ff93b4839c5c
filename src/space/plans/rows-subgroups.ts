import { findBlock } from '../../schedule/legality/find.ts';
import { assert } from '../../support/errors.ts';
import { isRefusal } from '../../support/refusal.ts';
import type { ScheduleBuilder } from '../builder.ts';
import type { StageInfo } from '../stage.ts';
import type { RowsLayout } from './rows-layout.ts';
import { keepResults, loadAhead, placeGrid, type RowsChoice } from './rows-parts.ts';

/** A reduction taken apart. */
interface Levels {
  /** What each lane reduces by itself. */
  readonly partial: { readonly block: string; readonly buffers: readonly string[] };
  /** The block that the lanes of a subgroup share; with one subgroup a row, the stage's own. */
  readonly sharing: string;
  /** Where the subgroups of a row leave their results for each other; null with one a row. */
  readonly shared: readonly string[] | null;
  /** Iters of the lane's block: rounds, unrolled rounds, elements of a vector. */
  readonly iters: readonly [string, string, string];
}

/**
 * Lanes combine their partial results within subgroups, without memory: invocations (lane, subgroup, row). Where several subgroups share a
 * row, their results meet in workgroup memory, and every lane combines those. Results stay in registers, where the next stage reads them.
 */
export function emitRowsInSubgroups(
  layout: RowsLayout,
  builder: ScheduleBuilder,
  choice: RowsChoice,
  lanes: number,
): void {
  const groups = choice.lanes / lanes;
  const levels = layout.reductions.map((stage) => takeApart(builder, stage, choice, lanes, groups));
  const { grid, row } = placeGrid(builder, layout, choice, {
    rowsOn: 'invocation.z',
    columns: [
      { extent: groups, to: 'invocation.y' },
      { extent: lanes, to: 'invocation.x' },
    ],
  });
  // A workgroup's only row is the same to all of its invocations.
  for (const [i, stage] of [...layout.reductions.entries()].reverse())
    place(builder, layout, stage, levels[i] as Levels, choice.rows > 1 ? row : grid, choice);
}

function takeApart(
  builder: ScheduleBuilder,
  stage: StageInfo,
  choice: RowsChoice,
  lanes: number,
  groups: number,
): Levels {
  const block = stage.block.name;
  const own = builder.ownLoops(block).slice(stage.spatial.length);
  const fused = builder.fuse(own.map((loop) => loop.name));
  const parts = builder.split(fused, [null, choice.unroll, groups, lanes, choice.vector]);
  const [rounds, unrolled, group, lane, vector] = parts as [string, string, string, string, string];
  const shared = groups > 1 ? builder.rfactor(block, group) : null;
  const sharing = shared?.block ?? block;
  // The partial results' loops are copies; their iters are called as the loops they came from.
  const loopOf = (loop: string): string => (shared === null ? loop : (builder.loopOfIter(sharing, loop) ?? loop));
  const iters = [loopOf(rounds), loopOf(unrolled), loopOf(vector)] as const;
  const partial = builder.rfactor(sharing, loopOf(lane));
  return { partial, sharing, shared: shared?.buffers ?? null, iters };
}

function place(
  builder: ScheduleBuilder,
  layout: RowsLayout,
  stage: StageInfo,
  { partial, sharing, shared, iters }: Levels,
  at: string,
  choice: RowsChoice,
): void {
  const block = stage.block.name;
  if (stage !== layout.final) keepResults(builder, stage, 'private');
  builder.computeAt(block, at);
  if (shared !== null) {
    const store = builder.cacheWrite(sharing, 'private');
    for (const buffer of shared) builder.apply('setScope', { buffer, scope: 'workgroup' });
    builder.computeAt(store.block, at);
    const group = builder.ownLoops(store.block)[layout.rowAxes]?.name as string;
    builder.bind(group, 'invocation.y');
    builder.computeAt(sharing, group);
  }
  const lane = reductionLoop(builder, sharing);
  for (const buffer of partial.buffers) builder.apply('setScope', { buffer, scope: 'private' });
  builder.computeAt(partial.block, lane);
  builder.bind(lane, 'subgroup.x');
  const [rounds, unrolled, vector] = iters.map((iter) => builder.loopOfIter(partial.block, iter));
  const loadAt = unrolled ?? rounds;
  if (loadAt) loadAhead(builder, layout, stage, partial.block, loadAt, choice);
  if (unrolled) builder.unroll(unrolled);
  if (vector) builder.unroll(vector);
}

/** The one loop that a block of partial results reduces over. */
function reductionLoop(builder: ScheduleBuilder, block: string): string {
  const site = findBlock(builder.program(), block);
  const iter = isRefusal(site) ? undefined : site.block.iters.find(({ type }) => type === 'reduction');
  const loop = iter === undefined ? null : builder.loopOfIter(block, iter.name);
  assert(loop !== null, () => `block ${block} reduces over no loop`);
  return loop;
}
