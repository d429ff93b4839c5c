import {
  above,
  atLeast,
  both,
  ceilQuotient,
  choose,
  either,
  equal,
  type Formula,
  knownOr,
  not,
  product,
  remainder,
  sum,
} from '../../arithmetic/formula.ts';
import { copyOf, movesEvenlyAlong, sharedCopy } from '../copies.ts';
import { type AccessInfo, movesWith } from '../stage.ts';
import {
  type Axis,
  axesOf,
  axisAlong,
  countOf,
  factorOf,
  heldOf,
  lastNest,
  lessOne,
  type Tiling,
  tileOf,
} from '../tiling.ts';
import { steppingAxes, wholeTilesOf } from './edges.ts';
import type { Conflict } from './findings.ts';
import { onlineConflicts } from './online.ts';

/** All ways in which decisions of a tiling contradict each other or change nothing. */
export function conflictsOf(tiling: Tiling): Conflict[] {
  const { merged } = tiling;
  const own = conflictsAsGiven(tiling);
  if (merged === undefined) return own;
  const isMerged = equal(merged.by, 1);
  const where = (condition: Formula, all: readonly Conflict[]): Conflict[] =>
    all.map(({ reason, holds }) => ({ reason, holds: both(condition, holds) }));
  return [...where(not(isMerged), own), ...where(isMerged, conflictsOf(merged.tiling))];
}

function conflictsAsGiven(tiling: Tiling): Conflict[] {
  const { axes } = tiling.nests[0] as Tiling['nests'][number];
  return [
    ...axes.flatMap((axis) => (axis.isExact ? wholeConflict(axis) : idleInTile(axis))),
    ...meetingConflicts(tiling),
    ...axes.flatMap((axis) => (axis.isExact ? [] : idleInTurn(axis))),
    ...tileConflicts(tiling),
    ...walkConflicts(tiling),
  ].filter(({ holds }) => holds !== 0);
}

const wholeConflict = (axis: Axis): Conflict[] => [
  { reason: 'tile-not-whole', holds: above(remainder(axis.extent, tileOf(axis)), 0) },
];

const idle = (reason: string, count: Formula, others: readonly Formula[], { extent }: Axis): Conflict => ({
  reason,
  holds: both(above(count, 1), atLeast(product(lessOne(count), ...others.map((other) => knownOr(other, 1))), extent)),
});

/** Tiles so large that some invocation, or some output of every invocation, lies outside the axis in each of them. */
function idleInTile(axis: Axis): Conflict[] {
  const { levels } = axis;
  const at = levels.findLastIndex(({ kind }) => kind === 'invocation');
  if (at < 0) return [];
  const lanes = countOf(axis, 'invocation');
  const inner = levels.slice(at + 1).map((level) => factorOf(axis, level));
  const registers = levels.filter(({ kind }) => kind === 'register').map((level) => factorOf(axis, level));
  return [
    idle('idle-invocations', lanes, inner, axis),
    ...registers.map((count) => idle('idle-registers', count, [lanes], axis)),
  ];
}

/** The same for levels around the invocations: each of their iterations lies further on by what all invocations take together. */
function idleInTurn(axis: Axis): Conflict[] {
  const { levels } = axis;
  const at = levels.findIndex(({ kind }) => kind === 'invocation');
  return levels.slice(0, Math.max(0, at)).flatMap((level, l) =>
    level.factor === 'rest' || level.kind === 'grid'
      ? []
      : [
          idle(
            'idle-registers',
            level.factor,
            levels.slice(l + 1).map((inner) => factorOf(axis, inner)),
            axis,
          ),
        ],
  );
}

function meetingConflicts(tiling: Tiling): Conflict[] {
  const { meeting } = tiling;
  if (meeting.kind === 'online') return onlineConflicts(tiling, meeting);
  if (meeting.kind !== 'lanes') return [];
  const { wish, lanes, rows, tree } = meeting;
  const isInSubgroups = above(wish, 1);
  return [
    { reason: 'no-lanes-to-share', holds: both(isInSubgroups, above(2, lanes)) },
    { reason: 'tree-beside-subgroup', holds: both(isInSubgroups, above(tree, 1)) },
    // Subgroups of several rows would wait for each other at the same barriers.
    { reason: 'rows-beside-subgroups', holds: both(isInSubgroups, above(rows, 1), above(lanes, wish)) },
    { reason: 'tree-wider-than-lanes', holds: both(above(tree, 1), above(product(tree, 2), lanes)) },
  ];
}

/** Groups of rows that leave a rest, that have nothing beside them, or that a partition would cut. */
function walkConflicts(tiling: Tiling): Conflict[] {
  const { group } = tiling;
  if (group === undefined) return [];
  const { axes } = lastNest(tiling);
  const isGrouped = above(group, 1);
  const tilesAlong = (axis: Axis): Formula => ceilQuotient(axis.extent, tileOf(axis));
  const rest = axes.flatMap((axis) =>
    axis.levels
      .filter(({ isGroup }) => isGroup)
      .map((level) => above(remainder(tilesAlong(axis), factorOf(axis, level)), 0)),
  );
  const columns = product(
    ...axes.flatMap((axis) =>
      axis.levels
        .filter(({ kind, isGroup }) => kind === 'grid' && !isGroup)
        .map(({ along = 0 }) => choose(equal(along, 0), tilesAlong(axis), 1)),
    ),
  );
  return [
    { reason: 'group-does-not-divide', holds: either(...rest) },
    { reason: 'nothing-to-group', holds: both(isGrouped, above(2, columns)) },
    {
      reason: 'group-beside-partition',
      holds: both(isGrouped, axes.find(({ type, cut }) => type === 'spatial' && cut !== undefined)?.cut ?? 0),
    },
  ];
}

function tileConflicts(tiling: Tiling): Conflict[] {
  const nest = lastNest(tiling);
  if (tiling.meeting.kind !== 'serial') return [];
  const [spatial, reduction] = [axesOf(nest, 'spatial'), axesOf(nest, 'reduction')];
  const tiles = nest.copies.filter(({ scope }) => scope === 'workgroup');
  const { reads } = nest;
  const anyRest = (axes: readonly Axis[]): Formula => either(...axes.map((axis) => above(wholeTilesOf(axis), 0)));
  const cutOf = (axes: readonly Axis[]): Formula => axes.find(({ cut }) => cut !== undefined)?.cut ?? 0;
  const depth = product(...reduction.map(tileOf));
  const together = product(...reduction.map(heldOf));
  const rowTiles = tiles.filter(({ read }) => (reads[read]?.dimensions.length ?? 0) > 1);
  const taken = (copies: typeof tiles): Formula => sum(...copies.map(({ isTaken }) => isTaken));
  const padding = tiles[0]?.padding ?? 0;
  const isDoubled = tiles[0]?.isDoubled ?? 0;
  const stepping = steppingAxes(reduction);
  const mayTurn = tiles.map(({ read, isTaken }) =>
    both(
      isTaken,
      either(...reduction.map((axis, r) => both(movesEvenlyAlong(nest, read, axis) ? 1 : 0, stepping[r] as Formula))),
    ),
  );
  const unrolls = tiling.isUnrolled;
  const shared = reads.map((_, q) => sharedCopy(nest, q));
  const lanesOf = (axis: Axis): Formula => countOf(axis, 'invocation');
  return [
    {
      reason: 'vector-does-not-divide',
      holds: axisAlong(nest, 'invocation', 0, (axis) => above(remainder(heldOf(axis), tiling.vector), 0), 0),
    },
    {
      reason: 'step-not-divided',
      holds: either(...reduction.map((axis) => above(remainder(tileOf(axis), heldOf(axis)), 0))),
    },
    ...shared.flatMap(({ isTaken, lanes, elements }, q): Conflict[] =>
      isTaken === 0
        ? []
        : [
            {
              reason: 'lanes-not-whole',
              holds: both(
                isTaken,
                axisAlong(nest, 'invocation', 0, (axis) => above(remainder(lanesOf(axis), lanes), 0), 1),
              ),
            },
            {
              reason: 'lanes-differ',
              holds: both(
                isTaken,
                axisAlong(
                  nest,
                  'invocation',
                  0,
                  ({ iters }) => (iters.some((i) => movesWith(reads[q] as AccessInfo, i)) ? 1 : 0),
                  0,
                ),
              ),
            },
            { reason: 'lanes-share-unevenly', holds: both(isTaken, above(remainder(elements, lanes), 0)) },
            // A rest runs under guards, where lanes cannot take from each other.
            {
              reason: 'lanes-beside-partition',
              holds: both(isTaken, either(...[spatial, reduction].map((some) => both(cutOf(some), anyRest(some))))),
            },
            { reason: 'copied-twice', holds: both(isTaken, copyOf(nest, q, 'workgroup')?.isTaken ?? 0) },
          ],
    ),
    { reason: 'nothing-to-unroll', holds: both(unrolls, atLeast(together, depth)) },
    { reason: 'no-rows-to-pad', holds: both(above(padding, 0), equal(taken(rowTiles), 0)) },
    { reason: 'nothing-to-overlap', holds: both(isDoubled, not(either(...mayTurn))) },
    // The second of two tiles is not filled with zeros beyond the end.
    {
      reason: 'step-does-not-divide',
      holds: both(isDoubled, either(...reduction.map((axis) => above(remainder(axis.extent, tileOf(axis)), 0)))),
    },
    { reason: 'nothing-to-partition', holds: both(cutOf(spatial), not(anyRest(spatial))) },
    { reason: 'nothing-to-partition', holds: both(cutOf(reduction), not(anyRest(reduction))) },
  ];
}
