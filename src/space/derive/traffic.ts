import {
  above,
  both,
  ceilQuotient,
  choose,
  either,
  type Formula,
  max,
  min,
  not,
  product,
  quotient,
  sum,
} from '../../arithmetic/formula.ts';
import {
  axesMoving,
  copiedElements,
  copyOf,
  copyReaches,
  isByAxes,
  loadWidth,
  movesEvenlyAlong,
  sharedCopy,
} from '../copies.ts';
import { type AccessInfo, bytesOf } from '../stage.ts';
import {
  type Axis,
  axesOf,
  axisAlong,
  countOf,
  footprintOf,
  heldOf,
  type StageNest,
  type Tiling,
  tileOf,
  tilesOf,
} from '../tiling.ts';
import { steppingAxes, wholeTilesOf } from './edges.ts';

/** The most rounds of a cooperative copy that are written out; more rounds stay a loop. */
export const mostWrittenRounds = 16;
/** Elements of a row in workgroup memory that an invocation takes at once. */
export const rowVector = 4;

/** Bytes of one variable in workgroup memory as WebGPU counts them against the limit: in units of 16. */
export const wholeUnits = (bytes: Formula): Formula => product(ceilQuotient(bytes, 16), 16);
/** Iterations of a loop of this extent: none where it runs once, as no loop is left of it. */
export const repeats = (extent: Formula): Formula => choose(above(extent, 1), extent, 0);

/** Tiles of operands in workgroup memory. */
export interface MemoryTiles {
  /** For each read: 1 where it goes through a tile, and where two tiles take turns. */
  readonly taken: readonly Formula[];
  readonly turns: readonly Formula[];
  readonly padding: Formula;
  /** Workgroup memory of all tiles. */
  readonly bytes: Formula;
  /** Iterations of the loops that remain of copies. */
  readonly iterations: Formula;
  /** Consecutive steps along the innermost axis that has several. */
  readonly inARow: Formula;
}

export function tilesInMemory(nest: StageNest, invocations: Formula, steps: Formula): MemoryTiles {
  const reduction = axesOf(nest, 'reduction');
  const stepping = steppingAxes(reduction);
  const inARow = reduction.reduce<Formula>((rest, axis, r) => choose(stepping[r] as Formula, tilesOf(axis), rest), 1);
  const moves = nest.stage.block.iters.map((_, i) => nest.axes.find(({ iters }) => iters.includes(i)));
  const isSeveral = moves.map((axis) => (axis === undefined ? 0 : above(tilesOf(axis), 1)));
  // The steps for a rest have tiles of their own.
  const copies = product(...reduction.map((axis) => choose(above(wholeTilesOf(axis), 0), 2, 1)));
  const tiles = nest.reads.map((read, q) => {
    const copy = copyOf(nest, q, 'workgroup');
    if (copy === undefined) return { taken: 0, turns: 0, bytes: 0, iterations: 0 };
    const { isTaken, isDoubled, padding } = copy;
    const even = reduction.map((axis, r) => both(movesEvenlyAlong(nest, q, axis) ? 1 : 0, stepping[r] as Formula));
    const turns = both(isTaken, isDoubled, either(...even));
    const elements = copiedElements(nest, q, tileOf);
    const rounds = ceilQuotient(elements, product(invocations, loadWidth(nest, q)));
    const bytes = product(tileElements(nest, q, isSeveral, padding), sum(1, turns), bytesOf(read.buffer));
    return {
      taken: isTaken,
      turns,
      bytes: choose(isTaken, wholeUnits(bytes), 0),
      // The first of two tiles that take turns is loaded before the loop.
      iterations: product(
        steps,
        sum(isTaken, quotient(turns, inARow)),
        choose(above(rounds, mostWrittenRounds), rounds, 0),
      ),
    };
  });
  return {
    taken: tiles.map(({ taken }) => taken),
    turns: tiles.map(({ turns }) => turns),
    padding: nest.copies.reduce<Formula>((most, copy) => max(most, copy.padding), 0),
    bytes: product(sum(...tiles.map(({ bytes }) => bytes)), copies),
    iterations: sum(...tiles.map(({ iterations }) => iterations)),
    inARow,
  };
}

/**
 * Elements of workgroup memory that a tile takes: as many as its footprint, except that a tile which stands still and reaches beyond the
 * buffer keeps its size, so that lanes outside read elements of their own and no index in the hot loop needs a clamp.
 */
function tileElements(nest: StageNest, q: number, isSeveral: readonly Formula[], padding: Formula): Formula {
  const sizes = copyReaches(nest, q, tileOf).map(({ reach, extent, iters }) => {
    const isMoving = iters === null ? 1 : either(...iters.map((i) => isSeveral[i] as Formula));
    return choose(isMoving, min(reach, extent), reach);
  });
  if (sizes.length < 2) return product(...sizes);
  const last = sizes.at(-1) as Formula;
  if (!isByAxes(nest, q)) return product(...sizes.slice(0, -1), sum(last, padding));
  // The axis along x is the last dimension, whatever its place among the axes.
  const moving = axesMoving(nest, q);
  const row = axisAlong(nest, 'invocation', 0, (axis) => sizes[moving.indexOf(axis)] ?? last, last);
  return product(quotient(product(...sizes), row), sum(row, padding));
}

/** Bytes that the nests of a kernel move, between memory and invocations. */
export function trafficOf(tiling: Tiling) {
  const operands = tiling.nests.flatMap((nest) => nest.reads.map((read, q) => operandOf(tiling, nest, read, q)));
  const unique = new Map<string, number>();
  for (const { buffer, whole } of operands) unique.set(buffer, Math.max(unique.get(buffer) ?? 0, whole));
  const total = (of: (operand: (typeof operands)[number]) => Formula): Formula => sum(...operands.map(of));
  return {
    storageRead: total(({ taken, shared, direct }) => choose(taken, shared, direct)),
    uniform: total(({ taken, direct, isUniform }) => choose(both(isUniform, above(1, taken)), direct, 0)),
    contiguous: total(({ taken, shared, direct, isUniform, isContiguous }) =>
      choose(taken, product(not(isUniform), shared), product(isContiguous, direct)),
    ),
    workgroupRead: total(({ taken, direct }) => choose(taken, direct, 0)),
    exchanged: total((operand) => operand.exchanged),
    workgroupWrite: total(({ taken, shared }) => choose(taken, shared, 0)),
    unique: [...unique.values()].reduce((all, bytes) => all + bytes, 0),
  };
}

function operandOf({ meeting }: Tiling, nest: StageNest, read: AccessInfo, q: number) {
  const bytes = bytesOf(read.buffer);
  const { axes, stage } = nest;
  const steps = product(...axes.map(tilesOf));
  const loads = product(steps, ...axes.map((axis) => countOf(axis, 'step', 'invocation')));
  const held = copiedElements(nest, q, heldOf);
  const tile = product(copiedElements(nest, q, tileOf), bytes);
  const { isTaken: isLanes, lanes, elements } = sharedCopy(nest, q);
  const groups = quotient(product(steps, ...axes.map((axis) => countOf(axis, 'invocation'))), lanes);
  const isStill = (axis: Axis): boolean => axis.iters.every((i) => read.strides[i] === 0);
  // An element that is the same all along a row is loaded once for all written-out rounds.
  const still = meeting.kind === 'lanes' ? axes.filter(isStill).map((axis) => countOf(axis, 'step')) : [];
  /** 1 where `isSo` holds of the distance to the neighbour along x. */
  const beside = (isSo: (stride: number) => boolean): Formula =>
    axisAlong(nest, 'invocation', 0, ({ iters }) => (isSo(read.strides[iters.at(-1) as number] as number) ? 1 : 0), 0);
  return {
    buffer: read.buffer.name,
    taken: copyOf(nest, q, 'workgroup')?.isTaken ?? 0,
    direct: choose(isLanes, product(groups, elements, bytes), product(quotient(loads, product(...still)), held, bytes)),
    exchanged: choose(isLanes, product(loads, held, bytes), 0),
    shared: product(steps, tile),
    whole:
      (footprintOf(
        read,
        stage.block.iters.map(({ extent }) => extent),
      ) as number) * bytes,
    isUniform: both(
      not(isLanes),
      beside((stride) => stride === 0),
    ),
    // Lanes that share a copy load it one after the other.
    isContiguous: either(
      isLanes,
      beside((stride) => Math.abs(stride) === 1),
    ),
  };
}

/**
 * 1 where all that a kernel loads lies contiguous along the lanes that share it: whole rows of matrices, or rows of operands that several
 * invocations reduce together. Null where neighbours along x are outputs next to each other, and the answer depends on the operand.
 */
export function isAllContiguous({ meeting, nests }: Tiling): Formula | null {
  if (meeting.kind === 'serial' || meeting.kind === 'online') return null;
  if (meeting.kind === 'matrix') return 1;
  const isAlongRows = nests
    .filter(({ stage }) => stage.reduction.length > 0)
    .every(({ reads }) => reads.every(({ strides }) => strides.at(-1) === 1));
  return isAlongRows ? above(meeting.lanes, 1) : 0;
}
