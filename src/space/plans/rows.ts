import type { DeviceLimits } from '../../ir/limits.ts';
import { type Decision, powersOfTwo } from '../decision.ts';
import type { Plan } from '../plan.ts';
import type { StageInfo } from '../stage.ts';
import { atLeastOne, decided } from './decided.ts';
import { emitRows } from './rows-emit.ts';
import type { RowsLayout } from './rows-layout.ts';
import { rowsNests } from './rows-nests.ts';
import { rowsQuantities } from './rows-quantities.ts';

/**
 * The rule for reductions along rows: a workgroup takes one or more rows and its invocations share each row's reduction (rfactor over
 * lanes, then a tree of partial results in workgroup memory); stages that share their rows (softmax) become one kernel, with what they
 * hand on kept in workgroup memory. With one lane a row is reduced by one invocation, in registers. Where the device has subgroups, their
 * lanes may combine what they have first, or alone.
 * TVM's cross-thread reduction and Halide's rfactor idiom, without a template.
 */
export function rowsPlan(stages: readonly StageInfo[], limits: DeviceLimits): Plan | null {
  const final = stages.at(-1) as StageInfo;
  const reductions = stages.filter((stage) => stage.reduction.length > 0);
  const first = reductions[0];
  if (first === undefined) return null;
  // Only the last stage's result is stored by a block of its own; the others stay in the kernel.
  if (stages.some((stage) => stage !== final && (stage.isOutput || stage.epilogue !== null))) return null;
  const rowAxes = first.spatial.length;
  if (!sharesRows(stages, rowAxes)) return null;
  const rowCount = first.spatial.reduce((all, iter) => all * iter.extent, 1);
  const lastRowExtent = first.spatial.at(-1)?.extent ?? 1;
  const length = Math.max(...reductions.map((stage) => stage.reduction.reduce((all, iter) => all * iter.extent, 1)));
  const columns =
    final.reduction.length > 0 ? 1 : final.spatial.slice(rowAxes).reduce((all, iter) => all * iter.extent, 1);
  const innermost = [
    ...reductions.map((stage) => stage.reduction.at(-1)?.extent ?? 1),
    ...(final.reduction.length > 0 ? [] : [final.spatial.at(-1)?.extent ?? 1]),
  ];

  const name = reductions.length === stages.length && stages.length === 1 ? first.block.name : final.block.name;
  const decisions: Decision[] = [];
  const add = (what: string, doc: string, options: readonly number[], more: Pick<Decision, 'before'> = {}): number => {
    if (options.length < 2) return -1;
    decisions.push({ name: `${name}.${what}`, doc, options, ...more });
    return decisions.length - 1;
  };
  const laneOptions = powersOfTwo(256).filter((power) => power < length * 2);
  // First, because it takes workgroup memory away: until it is decided nothing is known that could be too much.
  const subgroup = add(
    'subgroup',
    'lanes that combine what they have without memory; 1: none do, partial results go through workgroup memory',
    [1, Math.min(widestSubgroup, limits.subgroupMinSize)].filter((size) => size === 1 || (size > 1 && length > 1)),
    { before: 1 },
  );
  const layout: RowsLayout = {
    subgroup,
    reductions,
    final,
    rowAxes,
    rowCount,
    lastRowExtent,
    length,
    columns,
    lanes: add('lanes', 'invocations that share the reduction of a row', laneOptions),
    rows: add(
      'rows',
      'rows of one workgroup',
      powersOfTwo(64).filter((power) => power < lastRowExtent * 2),
    ),
    tree: add(
      'tree',
      'partial results of the second level of the reduction tree; 1: one invocation combines them all',
      [1, 4, 8, 16].filter((tree) => tree === 1 || tree * 2 <= (laneOptions.at(-1) as number)),
    ),
    vector: add(
      'vector',
      'elements an invocation loads at once',
      powersOfTwo(4).filter((width) => innermost.every((extent) => extent % width === 0)),
    ),
    unroll: add(
      'unroll',
      'loads of one invocation written out',
      powersOfTwo(8).filter((power) => power <= length),
    ),
  };
  const quantities = rowsQuantities(layout);
  return {
    rule: 'rows',
    stages,
    decisions,
    quantities,
    sizes: quantities,
    conflicts: [{ about: decisions.map((_, i) => i), find: (values, start) => conflict(layout, values, start) }],
    nests: rowsNests(layout),
    emit: (builder, value) =>
      emitRows(layout, builder, (index) => (index < 0 ? 1 : value(decisions[index]?.name as string))),
  };
}

/** Subgroups of more lanes than any device has now would make a decision that nobody tried. */
const widestSubgroup = 64;

/** True when every stage has the same leading axes and hands its result on row by row. */
function sharesRows(stages: readonly StageInfo[], rowAxes: number): boolean {
  const extents = stages[0]?.spatial.slice(0, rowAxes).map((iter) => iter.extent) ?? [];
  const made = new Set(stages.slice(0, -1).flatMap((stage) => stage.writes.map((write) => write.buffer.name)));
  return stages.every((stage, position) => {
    const isFinal = position === stages.length - 1;
    if (!isFinal && (stage.reduction.length === 0 || stage.spatial.length !== rowAxes)) return false;
    if (stage.reduction.length > 0 && stage.spatial.length !== rowAxes) return false;
    if (stage.spatial.length < rowAxes || extents.some((extent, axis) => stage.spatial[axis]?.extent !== extent))
      return false;
    // What an earlier stage made must be read at the reader's own row.
    return stage.reads.every(
      (read) =>
        !made.has(read.buffer.name) ||
        read.dimensions.every(
          (dimension, axis) =>
            !dimension.opaque &&
            dimension.coefficients.every((coefficient, iter) => coefficient === (iter === axis ? 1 : 0)),
        ),
    );
  });
}

function conflict(layout: RowsLayout, values: Float64Array, first: number): string | null {
  const subgroup = decided(values, first, layout.subgroup);
  const lanes = decided(values, first, layout.lanes);
  const rows = decided(values, first, layout.rows);
  const tree = decided(values, first, layout.tree);
  const vector = decided(values, first, layout.vector);
  const unroll = decided(values, first, layout.unroll);
  if (rows > 1 && rows - 1 >= layout.lastRowExtent) return 'idle-invocations';
  if (lanes > 1 && (lanes - 1) * atLeastOne(vector) >= layout.length) return 'idle-invocations';
  if (subgroup > 1) {
    if (lanes < 2) return 'no-lanes-to-share';
    if (tree > 1) return 'tree-beside-subgroup';
    // Subgroups of several rows would wait for each other at the same barriers.
    if (rows > 1 && lanes > subgroup) return 'rows-beside-subgroups';
  }
  if (tree > 1 && tree * 2 > lanes) return 'tree-wider-than-lanes';
  if (unroll > 1 && (unroll - 1) * atLeastOne(lanes) * atLeastOne(vector) >= layout.length) return 'idle-registers';
  return null;
}
