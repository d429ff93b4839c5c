import {
  both,
  ceilQuotient,
  choose,
  equal,
  type Formula,
  min,
  minus,
  product,
  remainder,
  sum,
} from '../arithmetic/formula.ts';
import type { SubgroupMatrixConfig } from '../ir/limits.ts';
import type { Decision } from './decision.ts';
import type { Merge } from './single-pass.ts';
import type { AccessInfo, StageInfo } from './stage.ts';

/**
 * How iterations of a level run: one per workgroup, one per invocation of it, one after the other in a loop around the steps of a workgroup,
 * within one step, or written out over what an invocation (or, for `matrix`, a subgroup) holds at once.
 */
type LevelKind = 'grid' | 'serial' | 'step' | 'invocation' | 'register' | 'vector' | 'matrix';

export interface Level {
  readonly kind: LevelKind;
  /** Iterations; `rest` stands for as many as it takes to cover the axis. */
  readonly factor: Formula | 'rest';
  /** For a level of the grid or of invocations: 0 along x, 1 along y, 2 along z. */
  readonly along?: Formula;
  /** Rows of tiles that workgroups walk together (see Tiling.group). */
  readonly isGroup?: true;
}

/** Iters of a block, one or several fused, and how their iterations are shared out. */
export interface Axis {
  readonly type: 'spatial' | 'reduction';
  /** Positions among the block's iters, outermost first. */
  readonly iters: readonly number[];
  readonly extent: number;
  /** In the order of indices: the first level counts the largest pieces of the axis, the last one its elements. */
  readonly levels: readonly Level[];
  /** Edges: 1 where whole tiles run apart from the rest, without guards. */
  readonly cut?: Formula;
  /** Tiles have to cover the axis exactly: a rest cannot be handled. */
  readonly isExact?: boolean;
}

/** An operand that an invocation does not take from storage element by element. */
export interface Copy {
  /** Position among the reads of the nest. */
  readonly read: number;
  /**
   * Where the copy lies: a tile for all invocations of a workgroup, made anew every step; the same spread over the registers of a subgroup's lanes,
   * which want its elements at the same time; or registers.
   */
  readonly scope: 'workgroup' | 'subgroup' | 'private';
  /** 1 where the copy is made. */
  readonly isTaken: Formula;
  /** Width of its loads. */
  readonly vector: Formula;
  /** Unused elements after each row of a tile. */
  readonly padding: Formula;
  /** 1 where two tiles take turns; only those that move evenly along the reduction do. */
  readonly isDoubled: Formula;
  /** The copy has one dimension for each axis that moves the read, whatever the operand's own layout: for an image, im2col. */
  readonly isByAxes?: true;
  /** Lanes along x that share a copy in a subgroup. */
  readonly lanes?: number;
}

/** A stage as a loop nest. */
export interface StageNest {
  readonly stage: StageInfo;
  readonly axes: readonly Axis[];
  /** What it reads from storage; copies count by position here. */
  readonly reads: readonly AccessInfo[];
  /** For each read: true where an earlier nest of the same kernel has read it at the same rows. */
  readonly again: readonly boolean[];
  readonly writes: readonly AccessInfo[];
  readonly copies: readonly Copy[];
  /** 1, or 0 where another nest does the reads of this one as well. */
  readonly runs: Formula;
}

/** How the partial results of a reduction become one: in the registers of one invocation, among the lanes of a row, or in matrices of a subgroup. */
export type Meeting =
  | { readonly kind: 'serial' }
  | {
      readonly kind: 'lanes';
      /** Lanes of a subgroup that are asked for; 1 where partial results go through workgroup memory. */
      readonly wish: Formula;
      /** Invocations of a row; how many of them combine in a subgroup; how many subgroups then meet in workgroup memory. */
      readonly lanes: Formula;
      readonly subgroup: Formula;
      readonly subgroups: Formula;
      /** Rows of a workgroup. */
      readonly rows: Formula;
      /** Partial results of the second level of a tree in workgroup memory; 1 where there is none. */
      readonly tree: Formula;
    }
  | { readonly kind: 'matrix'; readonly config: SubgroupMatrixConfig; readonly lanes: number }
  | {
      /** Parts of a sum that a softmax weighs, rescaled in registers as they come: see rules/online.ts. */
      readonly kind: 'online';
      readonly roles: OnlineRoles;
      /** Rows of a workgroup: invocations along them, and rows of each. */
      readonly rows: Formula;
      readonly heldRows: Formula;
      /** Invocations that share columns, and terms of a part; columns and terms of each. */
      readonly across: Formula;
      readonly heldColumns: Formula;
      readonly heldTerms: Formula;
      /** Terms of a weighed sum, and of a product, that are loaded together. */
      readonly together: Formula;
      readonly heldDeep: Formula;
    };

/** The stages of a softmax cut into parts by what they do, and positions of the tile's rows and columns among their iters. */
export interface OnlineRoles {
  /** Makes the elements, where they are a product of their own; null where they are read or computed in place. */
  readonly scores: StageInfo | null;
  readonly maxima: StageInfo;
  readonly weights: StageInfo;
  readonly sums: StageInfo;
  readonly partial: StageInfo;
  readonly joined: StageInfo;
  /** Stores the result: the one that joins where workgroups share the parts of a row, and each stores what it joined. */
  readonly final: StageInfo;
  /** Workgroups that share the parts of a row. */
  readonly sharers: number;
  /**
   * Rows and columns of what is stored; rows and columns of a part's sums; the row in stages by rows and in the scores; and the scores' iter that is
   * their terms.
   */
  readonly row: {
    readonly final: number;
    readonly column: number;
    readonly partial: number;
    readonly partialColumn: number;
    readonly inner: number;
    readonly scores: number;
    readonly terms: number;
  };
}

/** A packed operand in blocks of its innermost dimension, which then is the outermost: a tile is one piece of memory. */
export interface PackedBlocks {
  readonly buffer: string;
  readonly dimensions: number;
  /** Elements of the innermost dimension. */
  readonly extent: number;
  /** Elements of a block; 1 where rows stay whole. */
  readonly block: Formula;
}

/**
 * One kernel, described once: axes with their levels, copies of operands, how results meet, and edges. A factor is a number or a decision. What
 * else there is to know (the schedule, the estimate, locality, what contradicts what) is derived from this. Immutable.
 * After the loop nests of Halide's GPU autoscheduler, which apply themselves and compute their features, and TVM's multi-level tiling.
 */
export interface Tiling {
  /** Name of the rule that made it. */
  readonly rule: string;
  readonly decisions: readonly Decision[];
  /** In program order; the last one stores the result, and its axes carry the grid. */
  readonly nests: readonly StageNest[];
  readonly meeting: Meeting;
  /** Width of vectors along the innermost axis. */
  readonly vector: Formula;
  /** 1 where the loops within a step of the reduction are written out. */
  readonly isUnrolled: Formula;
  /**
   * Rows of tiles that workgroups walk together, column by column, where there is such a choice. Where it is more than 1, all workgroups along x and y
   * lie along x, in this order.
   */
  readonly group?: Formula;
  /** Constant operands that lie in blocks of its tiles; missing where none is packed. */
  readonly packed?: readonly PackedBlocks[];
  /** The same kernel with reductions merged into single passes, taken where the decision is 1. */
  readonly merged?: { readonly by: Decision; readonly merges: readonly Merge[]; readonly tiling: Tiling };
}

export const stagesOfTiling = ({ nests }: Tiling): readonly StageInfo[] => nests.map(({ stage }) => stage);
export const lastNest = ({ nests }: Tiling): StageNest => nests.at(-1) as StageNest;
export const axesOf = ({ axes }: StageNest, type: Axis['type']): readonly Axis[] =>
  axes.filter((axis) => axis.type === type);
/** The nest that does most: of several, the one with the longest reduction. */
export function mainNest({ nests }: Tiling): StageNest {
  const lengthOf = (nest: StageNest): number => axesOf(nest, 'reduction').reduce((all, { extent }) => all * extent, 1);
  return nests.reduce((longest, nest) => (lengthOf(nest) > lengthOf(longest) ? nest : longest));
}

/** What `of` gives for the axis whose workgroups, or invocations, lie along a dimension; `otherwise` where no axis does. */
export function axisAlong(
  { axes }: StageNest,
  kind: 'grid' | 'invocation',
  dimension: number,
  of: (axis: Axis) => Formula,
  otherwise: Formula,
): Formula {
  return axes.reduce((rest, axis) => {
    const along = axis.levels.find((level) => level.kind === kind)?.along;
    return along === undefined ? rest : choose(equal(along, dimension), of(axis), rest);
  }, otherwise);
}

/** Iterations of a level. */
export function factorOf(axis: Axis, level: Level): Formula {
  if (level.factor !== 'rest') return level.factor;
  return ceilQuotient(
    axis.extent,
    product(...axis.levels.flatMap(({ factor }) => (factor === 'rest' ? [] : [factor]))),
  );
}

/** Iterations of the levels of these kinds. */
export function countOf(axis: Axis, ...kinds: readonly LevelKind[]): Formula {
  return product(...axis.levels.filter(({ kind }) => kinds.includes(kind)).map((level) => factorOf(axis, level)));
}

const heldKinds = ['register', 'vector', 'matrix'] as const;
/** Iterations of an axis that an invocation holds at once. */
export const heldOf = (axis: Axis): Formula => countOf(axis, ...heldKinds);
/** Iterations of an axis that a workgroup takes in one step. */
export const tileOf = (axis: Axis): Formula => countOf(axis, ...heldKinds, 'step', 'invocation');
/** Tiles along an axis: steps of a reduction, workgroups of a spatial axis. */
export const tilesOf = (axis: Axis): Formula => countOf(axis, 'grid', 'serial');
/** Distance, in iterations, from one index of a level to the next. */
export function strideOf(axis: Axis, level: Level): Formula {
  return product(...axis.levels.slice(axis.levels.indexOf(level) + 1).map((inner) => factorOf(axis, inner)));
}

/** Iterations of each of some fused iters in `size` consecutive iterations: whole inner iters first, as the loop runs. */
export function fusedBox(extents: readonly number[], size: Formula): Formula[] {
  const box: Formula[] = [];
  let rest = size;
  for (const extent of [...extents].reverse()) {
    box.unshift(min(rest, extent));
    rest = ceilQuotient(rest, extent);
  }
  return box;
}

/** Iterations of each iter of a block in a box of `size` iterations of each axis. An axis of one iter may reach over its end. */
export function boxOf({ stage, axes }: StageNest, size: (axis: Axis) => Formula): Formula[] {
  const box: Formula[] = stage.block.iters.map(() => 1);
  for (const axis of axes) {
    const extents = axis.iters.map((i) => stage.block.iters[i]?.extent as number);
    const own = extents.length === 1 ? [size(axis)] : fusedBox(extents, size(axis));
    for (const [at, i] of axis.iters.entries()) box[i] = own[at] as Formula;
  }
  return box;
}

/** How far a dimension of an access reaches over a box of iterations, not clipped. */
export function reachOf(
  { opaque, moving, coefficients, extent }: AccessInfo['dimensions'][number],
  box: readonly Formula[],
): Formula {
  if (opaque) return extent;
  const steps = moving.map((i) => Math.abs(coefficients[i] as number));
  const still = 1 - steps.reduce((all, next) => all + next, 0);
  return sum(...moving.map((i, m) => product(steps[m] as number, box[i] as Formula)), still);
}

/** Elements of a buffer that a box of iterations touches. */
export function footprintOf({ dimensions }: AccessInfo, box: readonly Formula[]): Formula {
  return product(...dimensions.map((dimension) => min(reachOf(dimension, box), dimension.extent)));
}

export const lessOne = (a: Formula): Formula => minus(a, 1);

/** The nest of a kernel of one stage. */
export function plainNest(stage: StageInfo, axes: readonly Axis[], copies: readonly Copy[]): StageNest {
  const { reads, write } = stage;
  return { stage, axes, reads, again: reads.map(() => false), writes: [write], copies, runs: 1 };
}

/** The widest vector that divides all of these; 1 where vectors are not wanted. */
export function widestVector(isWanted: Formula, ...extents: readonly Formula[]): Formula {
  const divides = (width: number): Formula => both(...extents.map((extent) => equal(remainder(extent, width), 0)));
  return choose(isWanted, choose(divides(4), 4, choose(divides(2), 2, 1)), 1);
}
