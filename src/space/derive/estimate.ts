import { above, choose, equal, type Formula, minus, product, quotient, sum } from '../../arithmetic/formula.ts';
import type { EstimateName } from '../kernel-estimate.ts';
import { bytesOf } from '../stage.ts';
import {
  type Axis,
  axesOf,
  axisAlong,
  countOf,
  factorOf,
  heldOf,
  type Level,
  lastNest,
  mainNest,
  type StageNest,
  type Tiling,
  tileOf,
  tilesOf,
} from '../tiling.ts';
import { unguardedOf, wholeTilesOf } from './edges.ts';
import { lengthOf } from './length.ts';
import { meetingOf } from './meeting.ts';
import { isAllContiguous, tilesInMemory, trafficOf } from './traffic.ts';

export type EstimateFormulas = Readonly<Record<EstimateName, Formula>>;

const derived = new WeakMap<Tiling, EstimateFormulas>();

/** All that is known of a kernel before it is built, as formulas over its decisions; derived once. */
export function estimateOf(tiling: Tiling): EstimateFormulas {
  const known = derived.get(tiling) ?? derive(tiling);
  derived.set(tiling, known);
  return known;
}

function derive(tiling: Tiling): EstimateFormulas {
  const own = estimateAsGiven(tiling);
  const { merged } = tiling;
  if (merged === undefined) return own;
  const other = estimateOf(merged.tiling);
  const isMerged = equal(merged.by, 1);
  const names = Object.keys(own) as EstimateName[];
  return Object.fromEntries(names.map((name) => [name, choose(isMerged, other[name], own[name])])) as EstimateFormulas;
}

function estimateAsGiven(tiling: Tiling): EstimateFormulas {
  const [last, main] = [lastNest(tiling), mainNest(tiling)];
  const shape = shapeOf(tiling, last, main);
  const steps = product(...axesOf(main, 'reduction').map(tilesOf));
  const tiles = tilesInMemory(main, shape.invocations, steps);
  const traffic = trafficOf(tiling);
  const meeting = meetingOf(tiling, { ...shape, steps }, tiles);
  const { epilogue } = last.stage;
  const coveredBy = (axes: readonly Axis[]): Formula =>
    product(...axes.map((axis) => (axis.isExact ? axis.extent : product(tilesOf(axis), tileOf(axis)))));
  const extentOf = (axes: readonly Axis[]): number => axes.reduce((all, { extent }) => all * extent, 1);
  const outputsInAll = extentOf(axesOf(last, 'spatial'));
  const isContiguous = isAllContiguous(tiling);
  const finished = product(coveredBy(axesOf(last, 'spatial')), epilogue?.readBytes ?? 0);
  const storageReadBytes = sum(traffic.storageRead, finished);
  const taken = (read: number): Formula => tiles.taken[read] ?? 0;
  return {
    ...shape,
    vector: tiling.vector,
    steps,
    depth: product(...axesOf(main, 'reduction').map((axis) => product(countOf(axis, 'step'), heldOf(axis)))),
    statements: lengthOf(tiling, shape, tiles),
    workgroupBytes: sum(tiles.bytes, meeting.shared.bytes),
    registers: meeting.registers,
    barriers: meeting.barriers,
    useful: quotient(extentOf(main.axes), coveredBy(main.axes)),
    flops: tiling.nests.reduce(
      (all, { stage, axes }) => all + stage.flops * extentOf(axes),
      outputsInAll * (epilogue?.flops ?? 0),
    ),
    iterations: meeting.iterations,
    storageReadBytes,
    storageUniformBytes: isContiguous === null ? traffic.uniform : 0,
    storageContiguousBytes: isContiguous === null ? traffic.contiguous : product(isContiguous, storageReadBytes),
    storageUniqueBytes: traffic.unique + (epilogue?.uniqueBytes ?? 0),
    storageWriteBytes:
      outputsInAll * (epilogue?.writeBytes ?? last.writes.reduce((all, { buffer }) => all + bytesOf(buffer), 0)),
    workgroupReadBytes: sum(traffic.workgroupRead, meeting.shared.read),
    workgroupWriteBytes: sum(traffic.workgroupWrite, meeting.shared.written),
    staged: sum(...tiles.taken),
    idle: meeting.idle,
    guarded: minus(1, product(...main.axes.map(unguardedOf))),
    reusedBytes: meeting.reused,
    unrolled: tiling.isUnrolled,
    together: product(...axesOf(main, 'reduction').map((axis) => countOf(axis, 'register', 'matrix'))),
    stagedFirst: taken(0),
    stagedSecond: taken(1),
    rowPadding: tiles.padding,
    doubled: sum(...tiles.turns),
    exchangedBytes: traffic.exchanged,
  };
}

/** The grid, the workgroup and what an invocation computes. */
function shapeOf({ meeting, group = 1 }: Tiling, last: StageNest, main: StageNest) {
  // The lanes of a subgroup share its matrices, and lie along x.
  const lanes = meeting.kind === 'matrix' ? meeting.lanes : 1;
  const all = (kind: Level['kind'], dimension: number): Formula =>
    product(
      ...last.axes.flatMap((axis) =>
        axis.levels
          .filter((level) => level.kind === kind)
          .map((level) => choose(equal(level.along ?? 0, dimension), factorOf(axis, level), 1)),
      ),
    );
  const spatial = axesOf(last, 'spatial');
  const written = (axis: Axis): Formula => countOf(axis, axis.type === 'spatial' ? 'serial' : 'step');
  const row = main.axes.at(-1) as Axis;
  const along = (dimension: number, of: (axis: Axis) => Formula): Formula =>
    axisAlong(main, lanes === 1 ? 'invocation' : 'grid', dimension, of, 1);
  const perInvocation = product(...spatial.map((axis) => product(countOf(axis, 'serial'), heldOf(axis))));
  return {
    workgroups: product(...last.axes.map((axis) => countOf(axis, 'grid'))),
    invocations: product(...last.axes.map((axis) => countOf(axis, 'invocation')), lanes),
    lanesX: product(all('invocation', 0), lanes),
    lanesY: all('invocation', 1),
    // Rows that are walked in groups lie along x with all their columns.
    dispatchX: product(all('grid', 0), choose(above(group, 1), all('grid', 1), 1)),
    dispatchY: choose(above(group, 1), 1, all('grid', 1)),
    dispatchZ: all('grid', 2),
    outputs: quotient(perInvocation, lanes),
    registersX: meeting.kind === 'lanes' ? heldOf(row) : along(0, heldOf),
    // For a kernel with one axis, what is written out beside its vectors.
    registersY: meeting.kind === 'lanes' ? written(row) : product(along(1, heldOf), along(0, written)),
    parts: product(...spatial.map((axis) => choose(above(wholeTilesOf(axis), 0), 2, 1))),
  };
}
