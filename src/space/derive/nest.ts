import { above, both, choose, equal, type Formula, min, product, quotient } from '../../arithmetic/formula.ts';
import { copiedElements, copyOf, isByAxes, sharedCopy } from '../copies.ts';
import type { AccessInfo } from '../stage.ts';
import {
  type Axis,
  boxOf,
  countOf,
  factorOf,
  footprintOf,
  heldOf,
  type Level,
  type StageNest,
  strideOf,
  type Tiling,
  tileOf,
} from '../tiling.ts';

/**
 * The loop nest of a kernel, as far as reuse is concerned: five levels, each inside the next. Within one instance of a level every iter runs
 * through a box of iterations; what an access touches in that box, and how many such boxes there are, is all that locality needs (the
 * footprints of Halide's schedule features and of Ansor's unique bytes per loop).
 */
export const level = {
  /** What one invocation loads before it computes: its registers of an operand. */
  load: 0,
  /** What a workgroup touches in one step of its outer loop. */
  step: 1,
  /** What a workgroup touches in its life. */
  workgroup: 2,
  /** What a row of workgroups touches, or a column of a group of rows: they are neighbours in the order in which devices start them. */
  row: 3,
  /** What the kernel touches. */
  grid: 4,
} as const;
export const levelCount = 5;

/** One stage of a kernel at these levels, as formulas. */
interface NestFormulas {
  /** For each level, iterations of each iter in a box. */
  readonly boxes: readonly (readonly Formula[])[];
  /** For each level, the number of its boxes in the whole kernel. */
  readonly counts: readonly Formula[];
  /** Distance between neighbours along x, and along y, in iterations of each iter. */
  readonly besideX: readonly Formula[];
  readonly besideY: readonly Formula[];
  /** For each read: 1 when it goes through workgroup memory. */
  readonly staged: readonly Formula[];
  /** For each read: elements that are asked for in a step's box, and in a load's, relative to the distinct ones in it. */
  readonly askedInStep: readonly Formula[];
  readonly askedInLoad: readonly Formula[];
  /** 1, or 0 where another nest does the reads of this one as well. */
  readonly runs: Formula;
  /** Elements that one load instruction takes where they lie next to each other. */
  readonly vector: Formula;
  /** Unused elements after each row of a tile in workgroup memory. */
  readonly padding: Formula;
}

/** How many times as many elements a copy with a dimension per axis has as there are distinct ones in it. */
function gatheredOf(nest: StageNest, q: number, size: (axis: Axis) => Formula): Formula {
  if (!isByAxes(nest, q)) return 1;
  return quotient(copiedElements(nest, q, size), footprintOf(nest.reads[q] as AccessInfo, boxOf(nest, size)));
}

export function nestOf({ meeting, vector, group = 1 }: Tiling, nest: StageNest): NestFormulas {
  const { stage, axes, reads, runs } = nest;
  const levelOf = ({ kind }: Level): number =>
    kind === 'grid'
      ? level.row
      : kind === 'serial'
        ? level.workgroup
        : kind === 'step' || kind === 'invocation'
          ? level.step
          : level.load;
  /** Iterations of one of an axis' levels that are within, or outside of, a box of the nest's level; those of the grid along x are within a row. */
  const share = (axis: Axis, own: Level, l: number, isWithin: boolean): Formula => {
    const factor = factorOf(axis, own);
    // Neighbours in the order of starting lie along x, or in the rows of a group.
    const isNeighbour = choose(above(group, 1), own.isGroup ? 1 : 0, equal(own.along ?? 0, 0));
    const isInside = levelOf(own) < level.row ? (levelOf(own) <= l ? 1 : 0) : l < level.row ? 0 : isNeighbour;
    return isWithin ? choose(isInside, factor, 1) : choose(isInside, 1, factor);
  };
  const outside = (axis: Axis, l: number): Formula => product(...axis.levels.map((own) => share(axis, own, l, false)));
  const within = (axis: Axis, l: number): Formula =>
    outside(axis, l) === 1 ? axis.extent : product(...axis.levels.map((own) => share(axis, own, l, true)));
  const inner = [level.load, level.step, level.workgroup, level.row];
  const boxes = inner.map((l) =>
    boxOf(nest, (axis) => (l === level.load ? heldOf(axis) : min(within(axis, l), axis.extent))),
  );
  const counts = inner.map((l) => product(...axes.map((axis) => outside(axis, l))));
  /** Distances of neighbours along a dimension; they lie along the innermost iter of an axis that has several iterations. */
  const beside = (dimension: number): Formula[] => {
    const apart: Formula[] = stage.block.iters.map(() => 0);
    for (const axis of axes) {
      const grid = axis.levels.find(({ kind }) => kind === 'grid');
      const i =
        axis.iters.findLast((at) => (stage.block.iters[at]?.extent as number) > 1) ?? (axis.iters.at(-1) as number);
      // A row that one invocation reduces has no neighbours along it.
      const isShared = meeting.kind === 'lanes' && grid === undefined ? above(meeting.lanes, 1) : 1;
      for (const own of axis.levels.filter(({ kind }) => kind === 'invocation'))
        apart[i] = choose(both(isShared, equal(own.along ?? 0, dimension)), strideOf(axis, own), apart[i] as Formula);
      // The lanes of a subgroup share the columns of its matrices.
      if (meeting.kind === 'matrix' && dimension === 0 && grid?.along === 0)
        apart[i] = meeting.config.n / meeting.lanes;
    }
    return apart;
  };
  return {
    boxes: [...boxes, stage.block.iters.map(({ extent }) => extent)],
    counts: [...counts, 1],
    besideX: beside(0),
    besideY: beside(1),
    staged: reads.map((_, q) => copyOf(nest, q, 'workgroup')?.isTaken ?? 0),
    askedInStep: reads.map((_, q) => gatheredOf(nest, q, tileOf)),
    askedInLoad: reads.map((read, q) => {
      const { isTaken, lanes, elements } = sharedCopy(nest, q);
      if (isTaken === 0) return gatheredOf(nest, q, heldOf);
      const loads = product(...axes.map((axis) => countOf(axis, 'step')));
      const own = product(lanes, loads, footprintOf(read, boxOf(nest, heldOf)));
      return choose(isTaken, quotient(elements, own), gatheredOf(nest, q, heldOf));
    }),
    runs,
    vector: meeting.kind === 'matrix' ? 1 : vector,
    padding: nest.copies.find(({ scope }) => scope === 'workgroup')?.padding ?? 0,
  };
}
