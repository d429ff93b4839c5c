import type { AccessInfo, StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import type { TiledLayout } from './tiled-layout.ts';

/** Axes of the grid that a partition may cut: those bound to y and x; what is fused into z has no edge of its own. */
export const cuttableAxes = 2;

/**
 * How an axis is covered by tiles: `whole` of them without a guard, and perhaps one more that reaches over the end. A partition makes
 * two loops of it where there are both.
 */
function isCut(extent: number, tile: number): boolean {
  return tile < extent && extent % tile !== 0;
}

/** True when some tile of these options leaves a rest of the axis, so that there is a choice. */
export function mayBeCut(extent: number, ...options: readonly (readonly number[])[]): boolean {
  const tiles = options.reduce<number[]>(
    (all, next) => all.flatMap((tile) => next.map((option) => tile * option)),
    [1],
  );
  return tiles.some((tile) => isCut(extent, tile));
}

/** Whole tiles of the grid's axis `s`, where a partition cuts it; 0 where it does not, NaN while undecided. */
export function wholeTiles(layout: TiledLayout, values: Float64Array, first: number, s: number): number {
  if (s < layout.spatial.length - cuttableAxes) return 0;
  const extent = layout.stage.block.iters[layout.spatial[s] as number]?.extent as number;
  const tile =
    decided(values, first, layout.registers[s] as number) * decided(values, first, layout.invocations[s] as number);
  // Not written with comparisons alone: they would hide a missing value.
  return isCut(extent, tile) ? Math.floor(extent / tile) : 0 * tile;
}

/** The same for the steps of reduction axis `r`. */
export function wholeSteps(layout: TiledLayout, values: Float64Array, first: number, r: number): number {
  if (!layout.standsAlone[r]) return 0;
  const extent = layout.stage.block.iters[layout.reduction[r] as number]?.extent as number;
  const step = decided(values, first, layout.step[r] as number);
  return isCut(extent, step) ? Math.floor(extent / step) : 0 * step;
}

/** Which reduction axis the tiles move along from one step to the next: the innermost that has several; -1 where none has, NaN while undecided. */
export function steppingAxis(layout: TiledLayout, values: Float64Array, first: number): number {
  for (let r = layout.reduction.length - 1; r >= 0; r--) {
    const extent = layout.stage.block.iters[layout.reduction[r] as number]?.extent as number;
    const step = decided(values, first, layout.step[r] as number);
    if (Number.isNaN(step)) return step;
    if (step < extent) return r;
  }
  return -1;
}

/** Whether an iter has the dimensions of a read that it indexes to itself, so that its tiles are alike wherever the others stand. */
function isAlone({ dimensions }: AccessInfo, iter: number): boolean {
  return dimensions.every(
    ({ coefficients, opaque }) =>
      !opaque && (coefficients[iter] === 0 || coefficients.every((other, i) => i === iter || other === 0)),
  );
}

/** Whether a reduction iter's steps may be cut into whole ones and a rest. */
export function standsAlone({ reads }: StageInfo, iter: number): boolean {
  return reads.every((read) => isAlone(read, iter));
}

/** Whether a read's tile can be kept twice while steps go along a reduction iter: it moves evenly, and forward. */
export function movesEvenly({ reads }: StageInfo, q: number, iter: number): boolean {
  const read = reads[q] as AccessInfo;
  // Two accesses to one buffer share its copy.
  if (reads.some((other) => other !== read && other.buffer.name === read.buffer.name)) return false;
  const steps = read.dimensions.map((dimension) => dimension.coefficients[iter] as number);
  return isAlone(read, iter) && steps.every((step) => step >= 0) && steps.some((step) => step > 0);
}
