import {
  atLeast,
  both,
  choose,
  equal,
  type Formula,
  min,
  product,
  quotient,
  remainder,
} from '../arithmetic/formula.ts';
import { type AccessInfo, movesEvenly, movesWith } from './stage.ts';
import {
  type Axis,
  boxOf,
  type Copy,
  countOf,
  heldOf,
  reachOf,
  type StageNest,
  tileOf,
  widestVector,
} from './tiling.ts';

/** How far a copy of a read reaches along one of its dimensions. */
interface CopyReach {
  /** Not clipped to the extent. */
  readonly reach: Formula;
  readonly extent: number;
  /** Iters that move it; null where any may. */
  readonly iters: readonly number[] | null;
}

/** Whether copies of a read have one dimension per axis. */
export const isByAxes = ({ copies }: StageNest, q: number): boolean =>
  copies.some((copy) => copy.read === q && copy.isByAxes === true);

/** The axes along which a read is of other elements. */
export function axesMoving({ axes, reads }: StageNest, q: number): readonly Axis[] {
  const read = reads[q] as AccessInfo;
  return axes.filter(({ iters }) => iters.some((i) => movesWith(read, i)));
}

/** The dimensions of a read's copy that holds `size` iterations of each axis. */
export function copyReaches(nest: StageNest, q: number, size: (axis: Axis) => Formula): readonly CopyReach[] {
  if (!isByAxes(nest, q)) {
    const box = boxOf(nest, size);
    return (nest.reads[q] as AccessInfo).dimensions.map((dimension) => ({
      reach: reachOf(dimension, box),
      extent: dimension.extent,
      iters: dimension.opaque ? null : dimension.moving,
    }));
  }
  return axesMoving(nest, q).map((axis) => ({ reach: size(axis), extent: axis.extent, iters: axis.iters }));
}

/** Elements of a read's copy that holds `size` iterations of each axis: as many loads as it takes without vectors. */
export function copiedElements(nest: StageNest, q: number, size: (axis: Axis) => Formula): Formula {
  return product(...copyReaches(nest, q, size).map(({ reach, extent }) => min(reach, extent)));
}

/** Iterations that one group of lanes along x takes of an axis in one step. */
export const groupOf = (axis: Axis): Formula => product(heldOf(axis), countOf(axis, 'step'));

/** A read's copy in a scope; undefined where it can have none. */
export const copyOf = ({ copies }: StageNest, q: number, scope: Copy['scope']): Copy | undefined =>
  copies.find((copy) => copy.read === q && copy.scope === scope);

/**
 * Elements that one load of a workgroup's tile takes: as many as its vectors are wide, or half of that, where the tile's rows divide by it. Rows
 * are loaded in the order in which the operand lies.
 */
export function loadWidth(nest: StageNest, q: number): Formula {
  const wished = copyOf(nest, q, 'workgroup')?.vector ?? 1;
  const reaches = copyReaches(nest, q, tileOf);
  const { strides } = nest.reads[q] as AccessInfo;
  const row =
    (isByAxes(nest, q) ? reaches.find(({ iters }) => strides[iters?.at(-1) as number] === 1) : undefined) ??
    reaches.at(-1);
  const length = row === undefined ? 1 : min(row.reach, row.extent);
  const divides = (width: number): Formula => both(atLeast(wished, width), equal(remainder(length, width), 0));
  return choose(both(equal(wished, 4), divides(4)), 4, choose(divides(2), 2, 1));
}

/** A read's copy that lanes of a subgroup share. */
interface SharedCopy {
  readonly isTaken: Formula;
  readonly lanes: number;
  /** Elements of the copy, registers of each lane, and elements that a lane loads at once. */
  readonly elements: Formula;
  readonly registers: Formula;
  readonly width: Formula;
}

export function sharedCopy(nest: StageNest, q: number): SharedCopy {
  const copy = copyOf(nest, q, 'subgroup');
  if (copy === undefined) return { isTaken: 0, lanes: 1, elements: 0, registers: 0, width: 1 };
  const { isTaken, lanes = 1 } = copy;
  const elements = copiedElements(nest, q, groupOf);
  const { reach, extent } = copyReaches(nest, q, groupOf).at(-1) ?? { reach: 1, extent: 1 };
  const registers = quotient(elements, lanes);
  return { isTaken, lanes, elements, registers, width: widestVector(1, min(reach, extent), registers) };
}

/** Whether tiles of a read move evenly, and forward, from one step along an axis to the next. */
export function movesEvenlyAlong({ stage }: StageNest, q: number, { iters }: Axis): boolean {
  return iters.length === 1 && movesEvenly(stage, q, iters[0] as number);
}
