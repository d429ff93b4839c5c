import { type Decision, powersOfTwo } from '../decision.ts';
import type { Plan } from '../plan.ts';
import type { AccessInfo, StageInfo } from '../stage.ts';
import { decided } from './decided.ts';
import { emitTurned } from './turned-emit.ts';
import { turnedNest } from './turned-nest.ts';
import { turnedQuantities } from './turned-quantities.ts';

/** A grid wider than this along z is none that every device takes. */
const deepestGrid = 32768;
/** Rows shorter than this fill no line of memory either way. */
const shortestRow = 4;

/** Decision indices of a turned plan (-1 where there is nothing to decide) and what it is about. */
export interface TurnedLayout {
  readonly stage: StageInfo;
  /** Positions of the axes along which the result and the operands lie contiguous. */
  readonly column: number;
  readonly row: number;
  /** Operands that are turned: they go through a tile. */
  readonly turned: readonly AccessInfo[];
  readonly columnLanes: number;
  readonly rowLanes: number;
  readonly columns: number;
  readonly rows: number;
  readonly vector: number;
  readonly rowPadding: number;
}

/**
 * The rule for elementwise stages whose operand lies contiguous along another axis than their result (a transpose): a tile of both axes
 * goes through workgroup memory, so that invocations next to each other load neighbours and store neighbours.
 */
export function turnedPlan(stage: StageInfo): Plan | null {
  if (stage.reduction.length > 0) return null;
  const { iters } = stage.block;
  const extents = iters.map((iter) => iter.extent);
  const column = iters.length - 1;
  if (stage.write.strides[column] !== 1 || (extents[column] as number) < shortestRow) return null;
  const row = iters.findIndex(
    (iter, i) => i !== column && iter.extent >= shortestRow && stage.reads.some((read) => isTurned(stage, read, i)),
  );
  if (row < 0) return null;
  if (extents.reduce((all, extent, i) => (i === row || i === column ? all : all * extent), 1) > deepestGrid)
    return null;
  const decisions: Decision[] = [];
  const add = (name: string, doc: string, options: readonly number[]): number => {
    if (options.length < 2) return -1;
    decisions.push({ name: `${stage.block.name}.${name}`, doc, options });
    return decisions.length - 1;
  };
  const upTo = (cap: number, axis: number): number[] =>
    powersOfTwo(cap).filter((power) => power < (extents[axis] as number) * 2);
  const layout: TurnedLayout = {
    stage,
    column,
    row,
    turned: stage.reads.filter((read) => isTurned(stage, read, row)),
    columnLanes: add('column-invocations', 'invocations of a workgroup along the axis of the result', upTo(64, column)),
    rowLanes: add('row-invocations', 'invocations of a workgroup along the axis of the operand', upTo(32, row)),
    columns: add('columns', 'elements of one invocation along the axis of the result', upTo(4, column)),
    rows: add('rows', 'elements of one invocation along the axis of the operand', upTo(8, row)),
    vector: add(
      'vector',
      'width of vectors along both axes',
      powersOfTwo(4).filter(
        (width) => (extents[column] as number) % width === 0 && (extents[row] as number) % width === 0,
      ),
    ),
    rowPadding: add('row-padding', 'unused elements after each row of the tile, against bank conflicts', [0, 1, 4]),
  };
  const vector = decisions[layout.vector];
  if (vector !== undefined) decisions[layout.vector] = { ...vector, smallest: vector.options.at(-1) as number };
  const quantities = turnedQuantities(layout);
  return {
    rule: 'turned',
    stages: [stage],
    decisions,
    quantities,
    sizes: quantities,
    conflicts: [{ about: decisions.map((_, i) => i), find: (values, first) => conflict(layout, values, first) }],
    nests: [turnedNest(layout)],
    emit: (builder, value) =>
      emitTurned(layout, builder, (index) => (index < 0 ? 1 : value(decisions[index]?.name as string))),
  };
}

/** Whether a read lies contiguous along iter `row`, while neighbours along the result's last axis are far from each other. */
function isTurned({ block, reads }: StageInfo, read: AccessInfo, row: number): boolean {
  const far = read.strides[block.iters.length - 1] as number;
  return (
    read.strides[row] === 1 &&
    Math.abs(far) > 1 &&
    read.dimensions.length > 1 &&
    read.dimensions.every((dimension) => !dimension.opaque) &&
    // Two accesses to one buffer would share its tile.
    reads.every((other) => other === read || other.buffer.name !== read.buffer.name)
  );
}

function conflict(layout: TurnedLayout, values: Float64Array, first: number): string | null {
  const { stage, row, column } = layout;
  for (const [axis, lanesAt, eachAt] of [
    [column, layout.columnLanes, layout.columns],
    [row, layout.rowLanes, layout.rows],
  ] as const) {
    const extent = stage.block.iters[axis]?.extent as number;
    const lanes = decided(values, first, lanesAt);
    const each = decided(values, first, eachAt);
    if (lanes > 1 && ((lanes - 1) * each >= extent || lanes - 1 >= extent)) return 'idle-invocations';
    if (each > 1 && ((each - 1) * lanes >= extent || each - 1 >= extent)) return 'idle-registers';
  }
  if (decided(values, first, layout.columns) % decided(values, first, layout.vector) > 0)
    return 'vector-does-not-divide';
  return null;
}
