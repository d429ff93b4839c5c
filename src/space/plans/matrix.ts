import type { DeviceLimits, SubgroupMatrixConfig } from '../../ir/limits.ts';
import type { Program } from '../../ir/nodes.ts';
import { isRefusal } from '../../support/refusal.ts';
import { buildSchedule } from '../builder.ts';
import { type Decision, powersOfTwo } from '../decision.ts';
import type { Conflict, Plan } from '../plan.ts';
import { axisOf, type StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import { emitMatrix } from './matrix-emit.ts';
import { matrixNest } from './matrix-nest.ts';
import { matrixQuantities } from './matrix-quantities.ts';

/** Where each decision of a matrix plan stands (-1 where there is nothing to decide), and what it is about. */
export interface MatrixLayout {
  readonly stage: StageInfo;
  readonly config: SubgroupMatrixConfig;
  /** Lanes of a subgroup: the invocations of a workgroup along x. */
  readonly lanes: number;
  /** Positions, in the block's iters, of the rows and columns of the result and of what is summed over. */
  readonly row: number;
  readonly column: number;
  readonly depth: number;
  /** Decision indices, rows first: subgroups of a workgroup, matrices of each subgroup. */
  readonly subgroups: readonly [number, number];
  readonly matrices: readonly [number, number];
  /** Matrices along the sum in one step. */
  readonly step: number;
  /** For each read: whether it goes through workgroup memory; -1 where it has to. */
  readonly staged: readonly number[];
}

const mostSubgroups = 4;
const mostMatrices = 4;

/**
 * The rule for matrix products on devices with subgroup matrices: one plan for each kind of product the device lists for these types, its
 * tiles made of whole matrices. What a product is, is asked of the primitive. None where an axis is no multiple of the matrix's: its edge
 * could not be moved whole. The structure is that of CUTLASS: workgroup tile, subgroup tile, matrix.
 */
export function matrixPlans(program: Program, stage: StageInfo, limits: DeviceLimits): Plan[] {
  if (limits.subgroupMaxSize < 1 || stage.reduction.length !== 1 || stage.reads.length !== 2) return [];
  return (limits.subgroupMatrix?.configs ?? [])
    .map((config) => matrixPlan(program, stage, config, limits.subgroupMaxSize))
    .filter((plan): plan is Plan => plan !== null);
}

function matrixPlan(program: Program, stage: StageInfo, config: SubgroupMatrixConfig, lanes: number): Plan | null {
  const { iters } = stage.block;
  const [left, right] = factorsOf(stage);
  if (left === null || right === null) return null;
  const axes = { row: left, column: right, depth: iters.findIndex((iter) => iter.type === 'reduction') };
  const counts = [
    (iters[axes.row]?.extent ?? 0) / config.m,
    (iters[axes.column]?.extent ?? 0) / config.n,
    (iters[axes.depth]?.extent ?? 0) / config.k,
  ] as const;
  if (!counts.every(Number.isInteger)) return null;
  if (stage.write.buffer.dtype !== config.result) return null;
  if (stage.reads.some((read) => read.buffer.dtype !== config.component)) return null;

  const decisions: Decision[] = [];
  const add = (name: string, doc: string, options: readonly number[]): number => {
    if (options.length < 2) return -1;
    decisions.push({ name: `${stage.block.name}.${name}`, doc, options });
    return decisions.length - 1;
  };
  const parts = (most: number, count: number): number[] => powersOfTwo(most).filter((power) => count % power === 0);
  const [i, j, k] = [axes.row, axes.column, axes.depth].map((at) => axisOf(iters[at] as (typeof iters)[number]));
  const along = (axis: string | undefined, count: number): readonly [number, number] => [
    add(`${axis}.subgroups`, `subgroups of a workgroup along ${axis}`, parts(mostSubgroups, count)),
    add(`${axis}.matrices`, `matrices of a subgroup along ${axis}`, parts(mostMatrices, count)),
  ];
  const columns = along(j, counts[1]);
  const rows = along(i, counts[0]);
  const layout: MatrixLayout = {
    stage,
    config,
    lanes,
    ...axes,
    subgroups: [rows[0], columns[0]],
    matrices: [rows[1], columns[1]],
    step: add(`${k}.matrices`, `matrices along ${k} in one step of the sum`, parts(mostMatrices, counts[2])),
    // What is computed on the way has to lie somewhere as elements.
    staged: stage.reads.map(({ buffer }) =>
      program.inputs.includes(buffer.name)
        ? add(`${buffer.name}.workgroup`, `1: ${buffer.name} goes through workgroup memory`, [0, 1])
        : -1,
    ),
  };
  const emit: Plan['emit'] = (builder, value) =>
    emitMatrix(layout, builder, (index) => (index < 0 ? 1 : value(decisions[index]?.name as string)));
  const tried = buildSchedule(program, (builder) => emit(builder, () => 1));
  if (isRefusal(tried)) return null;
  const quantities = matrixQuantities(layout);
  return {
    rule: 'matrix',
    stages: [stage],
    decisions,
    quantities,
    sizes: quantities,
    nests: [matrixNest(layout)],
    conflicts: [0, 1].map((axis) => wholeTiles(layout, axis as 0 | 1, counts[axis] as number)),
    emit,
  };
}

/** The one iter that moves a read and the result but not the other read, for each read: rows of the left factor, columns of the right. */
function factorsOf({ block, reads, write }: StageInfo): readonly [number | null, number | null] {
  const moves = (access: StageInfo['write'], iter: number): boolean =>
    access.dimensions.some(({ moving }) => moving.includes(iter));
  const own = reads.map((read, q) => {
    const only = block.iters.flatMap((iter, i) =>
      iter.type === 'spatial' && moves(read, i) && moves(write, i) && !moves(reads[1 - q] as StageInfo['write'], i)
        ? [i]
        : [],
    );
    return only.length === 1 ? (only[0] as number) : null;
  });
  // The result's innermost axis are its columns, whichever factor stands first.
  const [a = null, b = null] = own;
  return a !== null && b !== null && a > b ? [b, a] : [a, b];
}

/** Tiles of whole matrices cover an axis, or there would be an edge. */
function wholeTiles({ subgroups, matrices }: MatrixLayout, axis: 0 | 1, count: number): Conflict {
  return {
    about: [subgroups[axis], matrices[axis]],
    find: (values, first) =>
      count % (decided(values, first, subgroups[axis]) * decided(values, first, matrices[axis])) > 0
        ? 'tile-not-whole'
        : null,
  };
}
