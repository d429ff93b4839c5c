import type { Formula } from '../../arithmetic/formula.ts';
import type { DeviceLimits, SubgroupMatrixConfig } from '../../ir/limits.ts';
import type { Program } from '../../ir/nodes.ts';
import { isRefusal } from '../../support/refusal.ts';
import { buildSchedule } from '../builder.ts';
import { createDecisions, powersOfTwo } from '../decision.ts';
import { emitTiling } from '../emission/emit.ts';
import { axisOf, type StageInfo } from '../stage.ts';
import { type Axis, type Copy, type Level, plainNest, type Tiling } from '../tiling.ts';

const mostSubgroups = 4;
const mostMatrices = 4;

/**
 * The rule for matrix products on devices with subgroup matrices: one tiling for each kind of product the device lists for these types, its
 * tiles made of whole matrices. The primitive says what is a product. There is no tiling where an axis is no multiple of the matrix's: a
 * matrix at its edge could not be moved whole. The structure is that of CUTLASS: workgroup tile, subgroup tile, matrix.
 */
export function matrixTilings(program: Program, stage: StageInfo, limits: DeviceLimits): Tiling[] {
  if (limits.subgroupMaxSize < 1 || stage.reduction.length !== 1 || stage.reads.length !== 2) return [];
  return (limits.subgroupMatrix?.configs ?? [])
    .map((config) => matrixTiling(program, stage, config, limits.subgroupMaxSize))
    .filter((tiling): tiling is Tiling => tiling !== null);
}

function matrixTiling(program: Program, stage: StageInfo, config: SubgroupMatrixConfig, lanes: number): Tiling | null {
  const { iters } = stage.block;
  const [row, column] = factorsOf(stage);
  if (row === null || column === null) return null;
  const depth = iters.findIndex((iter) => iter.type === 'reduction');
  const sizes = new Map([
    [row, config.m],
    [column, config.n],
    [depth, config.k],
  ]);
  const countOf = (i: number): number => (iters[i]?.extent as number) / (sizes.get(i) as number);
  if (![...sizes.keys()].every((i) => Number.isInteger(countOf(i)))) return null;
  if (stage.write.buffer.dtype !== config.result) return null;
  if (stage.reads.some((read) => read.buffer.dtype !== config.component)) return null;

  const { all: decisions, decide } = createDecisions(stage.block.name);
  const nameOf = (i: number): string => axisOf(iters[i] as (typeof iters)[number]);
  const size = (i: number, name: string, doc: string, most: number): Formula =>
    decide({
      name: `${nameOf(i)}.${name}`,
      doc,
      options: powersOfTwo(most).filter((power) => countOf(i) % power === 0),
    });
  const axis = (i: number, type: Axis['type'], levels: readonly Level[]): Axis => ({
    type,
    iters: [i],
    extent: iters[i]?.extent as number,
    levels,
    isExact: true,
  });
  // A matrix' place is matrix * subgroups + subgroup, so that one matrix from each of the subgroups makes a contiguous part of the tile.
  const spatial = (i: number, grid: number, invocation: number): Axis => {
    const name = nameOf(i);
    const subgroups = size(i, 'subgroups', `subgroups of a workgroup along ${name}`, mostSubgroups);
    const matrices = size(i, 'matrices', `matrices of a subgroup along ${name}`, mostMatrices);
    return axis(i, 'spatial', [
      { kind: 'grid', factor: 'rest', along: grid },
      { kind: 'register', factor: matrices },
      { kind: 'invocation', factor: subgroups, along: invocation },
      { kind: 'matrix', factor: sizes.get(i) as number },
    ]);
  };
  // Subgroups lie beside each other along y and z: x is their lanes.
  const columns = spatial(column, 0, 1);
  const rows = spatial(row, 1, 2);
  const sums = axis(depth, 'reduction', [
    { kind: 'serial', factor: 'rest' },
    {
      kind: 'step',
      factor: size(depth, 'matrices', `matrices along ${nameOf(depth)} in one step of the sum`, mostMatrices),
    },
    { kind: 'matrix', factor: config.k },
  ]);
  const others = iters.flatMap((_, i) =>
    sizes.has(i) ? [] : [axis(i, 'spatial', [{ kind: 'grid', factor: 'rest', along: 2 }])],
  );
  const copies = stage.reads.map(
    ({ buffer: { name } }, read): Copy => ({
      read,
      scope: 'workgroup',
      // An operand that is computed on the way has to lie somewhere as elements.
      isTaken: program.inputs.includes(name)
        ? decide({ name: `${name}.workgroup`, doc: `1: ${name} goes through workgroup memory`, options: [0, 1] })
        : 1,
      vector: 4,
      padding: 0,
      isDoubled: 0,
    }),
  );
  const tiling: Tiling = {
    rule: 'matrix',
    decisions,
    nests: [plainNest(stage, [rows, columns, ...others, sums], copies)],
    meeting: { kind: 'matrix', config, lanes },
    vector: 1,
    isUnrolled: 1,
  };
  const tried = buildSchedule(program, (builder) => emitTiling(tiling, builder, () => 1));
  return isRefusal(tried) ? null : tiling;
}

/** For each read, the one iter that moves it and the result but not the other read: rows of the left factor, columns of the right. */
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
  // Columns are the result's innermost axis, whichever factor stands first.
  const [a = null, b = null] = own;
  return a !== null && b !== null && a > b ? [b, a] : [a, b];
}
