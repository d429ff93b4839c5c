import { choose, equal, type Formula } from '../arithmetic/formula.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import { createDecisions } from './decision.ts';
import type { Sketch } from './sketch.ts';
import { type AccessInfo, bytesOf, movesWith } from './stage.ts';
import { type Axis, axesOf, footprintOf, type Level, lastNest, type StageNest, type Tiling } from './tiling.ts';

/** When the order in which workgroups walk the grid may pay. */
export interface WalkSizes {
  /** Bytes of what a row of workgroups reads and the next row reads again: as much as a cache holds by itself. */
  readonly leastBytes: number;
}

/**
 * The second cache of most GPUs holds 4 MiB or more (features/device-numbers.ts); what a device's own cache keeps is left to the models. The few
 * workgroups that run at a time on a CPU are neighbours in any order, and its caches hold what they share (docs/decisions/034).
 */
export const walkSizes: Readonly<Record<DeviceDescription['type'], WalkSizes | null>> = {
  gpu: { leastBytes: 4 * 2 ** 20 },
  cpu: null,
};

const groupOptions = [1, 2, 4, 8, 16];

/**
 * The rule of grouped walks: workgroups start in the order of their index, whole rows of tiles one after the other, so that what all tiles of a row
 * share is used at once, and what tiles of a column share comes back only with the next row. Walked in groups of rows, each group column by
 * column, neighbours share both (Triton's grouped ordering, CUTLASS's threadblock swizzle). Groups have as many rows as are left, never more: only numbers
 * that divide the rows of tiles are legal.
 */
export function withWalks(sketch: Sketch, sizes: WalkSizes | null): Sketch {
  if (sizes === null) return sketch;
  const tilings = sketch.tilings.map((tiling) => withWalk(tiling, sizes));
  return { ...sketch, tilings, decisions: tilings.flatMap(({ decisions }) => decisions) };
}

function withWalk(tiling: Tiling, { leastBytes }: WalkSizes): Tiling {
  const { meeting, nests } = tiling;
  const nest = lastNest(tiling);
  if (nests.length > 1 || (meeting.kind !== 'serial' && meeting.kind !== 'matrix')) return tiling;
  if (axesOf(nest, 'reduction').length === 0 || readAgain(nest) < leastBytes) return tiling;
  const { all, decide } = createDecisions(nest.stage.block.name);
  const group = decide({
    name: 'group',
    doc: 'rows of tiles that workgroups walk together, column by column; 1: row by row',
    options: groupOptions,
    before: 1,
  });
  const axes = nest.axes.map((axis) => ({ ...axis, levels: axis.levels.flatMap((level) => grouped(level, group)) }));
  return { ...tiling, decisions: [...tiling.decisions, ...all], nests: [{ ...nest, axes }], group };
}

/** A level of the grid that may lie along y, with the rows of a group inside it. */
function grouped(level: Level, group: Formula): Level[] {
  const { kind, along = 0 } = level;
  const isRows = kind === 'grid' ? equal(along, 1) : 0;
  return isRows === 0 ? [level] : [level, { kind, factor: choose(isRows, group, 1), along, isGroup: true }];
}

const mayLie = ({ levels }: Axis, dimension: number): boolean =>
  levels.some(({ kind, along = 0 }) => kind === 'grid' && equal(along, dimension) !== 0);

/** Bytes of operands that stand still along rows of tiles and move along columns. */
function readAgain({ axes, reads, stage }: StageNest): number {
  const [rows, columns] = [1, 0].map((dimension) => axes.filter((axis) => mayLie(axis, dimension))) as [Axis[], Axis[]];
  const moves = (read: AccessInfo, axis: Axis): boolean => axis.iters.some((i) => movesWith(read, i));
  const whole = stage.block.iters.map(({ extent }) => extent);
  return reads
    .filter((read) => rows.some((row) => !moves(read, row) && columns.some((column) => moves(read, column))))
    .reduce((all, read) => all + (footprintOf(read, whole) as number) * bytesOf(read.buffer), 0);
}
