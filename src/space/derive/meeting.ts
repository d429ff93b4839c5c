import {
  above,
  both,
  choose,
  type Formula,
  log2,
  minus,
  not,
  product,
  quotient,
  sum,
} from '../../arithmetic/formula.ts';
import { copiedElements, sharedCopy } from '../copies.ts';
import { bytesOf } from '../stage.ts';
import {
  type Axis,
  axesOf,
  boxOf,
  countOf,
  footprintOf,
  heldOf,
  lastNest,
  type Meeting,
  mainNest,
  type StageNest,
  type Tiling,
  tileOf,
  tilesOf,
} from '../tiling.ts';
import type { MeetingNumbers } from './findings.ts';
import { onlineNumbers } from './online.ts';
import { type MemoryTiles, repeats, wholeUnits } from './traffic.ts';

interface Shape {
  readonly workgroups: Formula;
  readonly invocations: Formula;
  readonly outputs: Formula;
  readonly steps: Formula;
  readonly parts: Formula;
}

const none = { bytes: 0, read: 0, written: 0 };

export function meetingOf(tiling: Tiling, shape: Shape, tiles: MemoryTiles): MeetingNumbers {
  const { meeting } = tiling;
  if (meeting.kind === 'lanes') return amongLanes(tiling, meeting, shape);
  if (meeting.kind === 'matrix') return inMatrices(tiling, meeting, shape, tiles);
  if (meeting.kind === 'online') return onlineNumbers(meeting, shape);
  return axesOf(lastNest(tiling), 'reduction').length === 0
    ? elementwise(tiling, shape, tiles)
    : inRegisters(tiling, shape, tiles);
}

const heldBy = (nest: StageNest): Formula => sum(...nest.reads.map((_, q) => copiedElements(nest, q, heldOf)));

const touchedBy = (nest: StageNest): Formula => {
  const box = boxOf(nest, tileOf);
  return sum(...nest.reads.map((read) => product(footprintOf(read, box), bytesOf(read.buffer))));
};

/** Each element is stored as soon as it is computed. */
function elementwise(tiling: Tiling, { invocations, outputs }: Shape, tiles: MemoryTiles): MeetingNumbers {
  const nest = lastNest(tiling);
  const { stage } = nest;
  return {
    // Of several stages each keeps what it reads; what the last one stores is gone at once.
    registers:
      tiling.nests.length > 1
        ? sum(...tiling.nests.map(heldBy), ...tiling.nests.slice(0, -1).map(({ axes }) => product(...axes.map(heldOf))))
        : product(tiling.vector, 1 + stage.reads.length),
    // A single invocation has no other to wait for.
    barriers: both(above(sum(...tiles.taken), 0), above(invocations, 1)),
    iterations: tiles.iterations,
    idle: 0,
    reused: sum(
      ...nest.reads.map((read, q) =>
        product(
          choose(tiles.taken[q] ?? 0, footprintOf(read, boxOf(nest, tileOf)), product(invocations, outputs)),
          bytesOf(read.buffer),
        ),
      ),
    ),
    shared: none,
  };
}

/** Sums in the registers of one invocation. */
function inRegisters(tiling: Tiling, { outputs, steps }: Shape, tiles: MemoryTiles): MeetingNumbers {
  const nest = lastNest(tiling);
  const reduction = axesOf(nest, 'reduction');
  const { stage } = nest;
  const held = heldBy(nest);
  const results = product(outputs, stage.writes.length);
  const inner = reduction.map((axis) => countOf(axis, 'step'));
  return {
    registers: sum(results, held, ...nest.reads.map((_, q) => sharedRegisters(nest, q))),
    barriers: barriersOf(tiles, steps),
    iterations: sum(
      nested(1, reduction.map(tilesOf)),
      choose(tiling.isUnrolled, 0, nested(steps, inner)),
      tiles.iterations,
    ),
    idle: 0,
    reused: touchedBy(nest),
    shared: none,
  };
}

/** Registers of a copy that lanes share. */
function sharedRegisters(nest: StageNest, q: number): Formula {
  const { isTaken, registers } = sharedCopy(nest, q);
  return choose(isTaken, registers, 0);
}

/** Iterations of loops of these extents, each inside the one before, in so many iterations of a loop around them. */
function nested(around: Formula, extents: readonly Formula[]): Formula {
  return sum(...extents.map((extent, r) => product(around, ...extents.slice(0, r), repeats(extent))));
}

/** Each step has a barrier before tiles are read and one before they are overwritten; tiles that take turns need one, and one for the first. */
function barriersOf({ taken, turns, inARow }: MemoryTiles, steps: Formula): Formula {
  const [all, turning] = [sum(...taken), sum(...turns)];
  return sum(
    product(choose(above(all, 0), choose(above(all, turning), 2, 1), 0), steps),
    choose(above(turning, 0), quotient(steps, inARow), 0),
  );
}

/** Sums in matrices that the lanes of a subgroup hold together; an epilogue reads them through workgroup memory, one part after the other. */
function inMatrices(
  tiling: Tiling,
  { config, lanes }: Meeting & { readonly kind: 'matrix' },
  { workgroups, invocations, outputs, steps }: Shape,
  tiles: MemoryTiles,
): MeetingNumbers {
  const nest = lastNest(tiling);
  const { epilogue, write } = nest.stage;
  const perSubgroup = axesOf(nest, 'spatial')
    .filter(({ levels }) => levels.some(({ kind }) => kind === 'matrix'))
    .map((axis) => countOf(axis, 'register'));
  const parts = product(...perSubgroup);
  const isHandedOver = epilogue === null ? 0 : 1;
  const partElements = product(quotient(invocations, lanes), config.m * config.n);
  const partBytes = product(isHandedOver, partElements, bytesOf(write.buffer));
  return {
    registers: sum(outputs, quotient(heldBy(nest), lanes)),
    barriers: sum(barriersOf(tiles, steps), product(2, isHandedOver, parts)),
    iterations: sum(repeats(steps), tiles.iterations),
    idle: 0,
    reused: touchedBy(nest),
    shared: {
      bytes: wholeUnits(partBytes),
      read: product(workgroups, parts, partBytes),
      written: product(workgroups, parts, partBytes),
    },
  };
}

/** Partial results that the lanes of a row combine: in a subgroup without memory, through workgroup memory otherwise. */
function amongLanes(
  tiling: Tiling,
  { lanes, subgroup, subgroups, rows, tree }: Meeting & { readonly kind: 'lanes' },
  { workgroups, steps }: Shape,
): MeetingNumbers {
  const { nests, vector } = tiling;
  const stages = nests.map(({ stage }) => stage);
  const reductions = stages.filter((stage) => stage.reduction.length > 0);
  const main = mainNest(tiling);
  const final = lastNest(tiling).stage;
  const row = main.axes.at(-1) as Axis;
  const unroll = countOf(row, 'step');
  const isFinal = axesOf(lastNest(tiling), 'reduction').length > 0;
  const isInSubgroups = above(subgroup, 1);
  // One lane keeps everything in registers, and so do the lanes of one subgroup: no workgroup memory, no barrier.
  const isShared = above(subgroups, 1);
  const isTree = above(tree, 1);
  // Every value has its partial results in memory; its final result is kept there too only where another stage reads it.
  const read = new Set(stages.flatMap(({ reads }) => reads.map(({ buffer }) => buffer.name)));
  const bytes = product(
    isShared,
    sum(
      ...reductions.flatMap(({ writes }) =>
        writes.map(({ buffer }) => {
          const cells = (count: Formula): Formula => wholeUnits(product(rows, count, bytesOf(buffer)));
          const kept = read.has(buffer.name) ? choose(isInSubgroups, 0, cells(1)) : 0;
          return sum(cells(subgroups), choose(isTree, cells(tree), 0), kept);
        }),
      ),
    ),
  );
  // Partial results are combined by rounds of exchanges and by steps through workgroup memory.
  const exchanges = log2(subgroup);
  const throughMemory = choose(isTree, sum(quotient(lanes, tree), tree), subgroups);
  const combining = sum(exchanges, product(isShared, throughMemory));
  const columns = axesOf(lastNest(tiling), 'spatial').at(-1) as Axis;
  const levels = choose(isInSubgroups, 1, choose(isTree, 3, 2));
  const widest = Math.max(...reductions.map(({ writes }) => writes.length));
  const loaded = Math.max(1, ...nests.map(({ stage, reads }) => (stage.reduction.length > 0 ? reads.length : 0)));
  return {
    registers: sum(product(vector, unroll, loaded), 2 * widest + 2),
    // No barrier follows the last result, which goes to storage.
    barriers: product(isShared, minus(product(reductions.length, levels), isFinal ? not(isInSubgroups) : 0)),
    iterations: sum(
      product(reductions.length, sum(repeats(steps), combining)),
      isFinal ? 0 : repeats(countOf(columns, 'serial')),
    ),
    reused: product(rows, row.extent, final.epilogue?.writeBytes ?? bytesOf(final.write.buffer)),
    idle: choose(isInSubgroups, 0, product(isShared, minus(1, quotient(1, lanes)))),
    shared: {
      bytes,
      // Every lane of a subgroup reads what all subgroups left; without subgroups one lane reads it.
      read: product(workgroups, bytes, choose(isInSubgroups, lanes, 1)),
      written: product(workgroups, bytes),
    },
  };
}
