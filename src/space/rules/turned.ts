import type { Formula } from '../../arithmetic/formula.ts';
import { createDecisions, powersOfTwo } from '../decision.ts';
import type { AccessInfo, StageInfo } from '../stage.ts';
import { type Axis, type Copy, plainNest, type Tiling } from '../tiling.ts';

/** Not every device takes a grid wider than this along z. */
const deepestGrid = 32768;
/** Rows shorter than this fill no line of memory either way. */
const shortestRow = 4;

/**
 * The rule for elementwise stages whose operand lies contiguous along another axis than their result (a transpose): a tile of both axes
 * goes through workgroup memory, so that invocations next to each other load neighbours and store neighbours.
 */
export function turnedTiling(stage: StageInfo): Tiling | null {
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
  const [rows, columns] = [extents[row] as number, extents[column] as number];
  const { all: decisions, decide } = createDecisions(stage.block.name);
  const size = (name: string, doc: string, cap: number, extent: number): Formula =>
    decide({ name, doc, options: powersOfTwo(cap).filter((power) => power < extent * 2) });
  const columnLanes = size(
    'column-invocations',
    'invocations of a workgroup along the axis of the result',
    64,
    columns,
  );
  const rowLanes = size('row-invocations', 'invocations of a workgroup along the axis of the operand', 32, rows);
  const perColumn = size('columns', 'elements of one invocation along the axis of the result', 4, columns);
  const perRow = size('rows', 'elements of one invocation along the axis of the operand', 8, rows);
  const widths = powersOfTwo(4).filter((width) => columns % width === 0 && rows % width === 0);
  const vector = decide({
    name: 'vector',
    doc: 'width of vectors along both axes',
    options: widths,
    smallest: widths.at(-1) as number,
  });
  const padding = decide({
    name: 'row-padding',
    doc: 'unused elements after each row of the tile, against bank conflicts',
    options: [0, 1, 4],
  });
  const tiled = (i: number, along: number, lanes: Formula, each: Formula): Axis => ({
    type: 'spatial',
    iters: [i],
    extent: extents[i] as number,
    levels: [
      { kind: 'grid', factor: 'rest', along },
      { kind: 'invocation', factor: lanes, along },
      { kind: 'register', factor: each },
    ],
  });
  const axes = [
    tiled(column, 0, columnLanes, perColumn),
    tiled(row, 1, rowLanes, perRow),
    ...extents.flatMap((extent, i): Axis[] =>
      i === row || i === column
        ? []
        : [{ type: 'spatial', iters: [i], extent, levels: [{ kind: 'grid', factor: 'rest', along: 2 }] }],
    ),
  ];
  const copies = stage.reads.flatMap((read, q): Copy[] =>
    isTurned(stage, read, row) ? [{ read: q, scope: 'workgroup', isTaken: 1, vector, padding, isDoubled: 0 }] : [],
  );
  return {
    rule: 'turned',
    decisions,
    nests: [plainNest(stage, axes, copies)],
    meeting: { kind: 'serial' },
    vector,
    isUnrolled: 0,
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
