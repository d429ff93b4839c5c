import { createEvaluator } from '../arithmetic/evaluator.ts';
import type { Open } from '../arithmetic/formula.ts';
import { level, levelCount, nestOf } from '../space/derive/nest.ts';
import { type AccessInfo, bytesOf } from '../space/stage.ts';
import type { StageNest, Tiling } from '../space/tiling.ts';

/** The numbers of a nest under given decisions (see NestFormulas); NaN where undecided. Written anew for every prefix. */
export interface NestNumbers {
  /** Iterations of each iter in a box: of level `l` and iter `i` at `l * iters + i`. */
  readonly boxes: Float64Array;
  readonly counts: Float64Array;
  readonly besideX: Float64Array;
  readonly besideY: Float64Array;
  readonly staged: Float64Array;
  readonly askedInStep: Float64Array;
  readonly askedInLoad: Float64Array;
  /** One number each. */
  readonly runs: Float64Array;
  readonly vector: Float64Array;
  readonly padding: Float64Array;
}

/** The numbers of a nest, and the function that writes them. */
function nestNumbers(
  tiling: Tiling,
  nest: StageNest,
  positionOf: (open: Open) => number,
): { readonly numbers: NestNumbers; readonly update: (values: Float64Array) => void } {
  const { boxes, counts, besideX, besideY, staged, askedInStep, askedInLoad, runs, vector, padding } = nestOf(
    tiling,
    nest,
  );
  const parts = {
    boxes: boxes.flat(),
    counts,
    besideX,
    besideY,
    staged,
    askedInStep,
    askedInLoad,
    runs: [runs],
    vector: [vector],
    padding: [padding],
  };
  const formulas = Object.values(parts).flat();
  const all = new Float64Array(formulas.length);
  const evaluate = createEvaluator(formulas, { positionOf });
  let begin = 0;
  const views = Object.entries(parts).map(([name, { length }]) => {
    begin += length;
    return [name, all.subarray(begin - length, begin)] as const;
  });
  return { numbers: Object.fromEntries(views) as unknown as NestNumbers, update: (values) => evaluate(values, all, 0) };
}

/** Elements of a buffer that a box of iterations touches: `box[i]` iterations along each iter, clipped to the buffer; NaN where unknown. */
function footprint(access: AccessInfo, box: ArrayLike<number>): number {
  let elements = 1;
  for (let d = 0; d < access.dimensions.length; d++) {
    const dimension = access.dimensions[d] as AccessInfo['dimensions'][number];
    let reach = 1;
    if (dimension.opaque) reach = dimension.extent;
    else {
      const { coefficients, moving } = dimension;
      for (let m = 0; m < moving.length; m++) {
        const i = moving[m] as number;
        reach += Math.abs(coefficients[i] as number) * ((box[i] as number) - 1);
      }
    }
    elements *= Math.min(reach, dimension.extent);
  }
  return elements;
}

/** One access of a kernel and its numbers for a prefix. */
export interface Use {
  readonly nest: number;
  /** Position among the nest's reads; -1 for what it writes. */
  readonly read: number;
  readonly access: AccessInfo;
  readonly bytes: number;
  readonly again: boolean;
  /** Bytes touched in one box of each level, and in all boxes of that level together. */
  readonly box: Float64Array;
  readonly moved: Float64Array;
  /** 1 when it goes through workgroup memory. */
  staged: number;
  /** Bytes all invocations ask storage for. */
  asked: number;
}

/** Where a kernel's bytes are used again. */
export interface Locality {
  readonly uses: readonly Use[];
  readonly numbers: readonly NestNumbers[];
  /** Bytes one box of each level touches, all accesses together: how far apart two uses inside it can be. */
  readonly workingSet: Float64Array;
  /** Bytes all boxes of each level touch: what a memory that holds one box must fetch. */
  readonly moved: Float64Array;
  readonly update: (values: Float64Array) => void;
}

export function createLocality(tiling: Tiling, positionOf: (open: Open) => number): Locality {
  const nests = tiling.nests.map((nest) => nestNumbers(tiling, nest, positionOf));
  const numbers = nests.map((nest) => nest.numbers);
  const boxesOf = numbers.map(({ boxes }) =>
    Array.from({ length: levelCount }, (_, l) => {
      const iters = boxes.length / levelCount;
      return boxes.subarray(l * iters, (l + 1) * iters);
    }),
  );
  const uses = tiling.nests.flatMap((nest, n) => usesOf(nest, n));
  const workingSet = new Float64Array(levelCount);
  const moved = new Float64Array(levelCount);
  const update = (values: Float64Array): void => {
    for (let n = 0; n < nests.length; n++) (nests[n] as (typeof nests)[number]).update(values);
    workingSet.fill(0);
    moved.fill(0);
    for (let u = 0; u < uses.length; u++) {
      const use = uses[u] as Use;
      const { counts, staged, askedInStep, askedInLoad, runs } = numbers[use.nest] as NestNumbers;
      const boxes = boxesOf[use.nest] as Float64Array[];
      use.staged = use.read < 0 ? 0 : (staged[use.read] as number);
      for (let l = 0; l < levelCount; l++) {
        const bytes = footprint(use.access, boxes[l] as Float64Array) * use.bytes;
        // An operand that an earlier nest has read at the same rows is fetched once for both.
        const fetched = use.again && l >= level.workgroup ? 0 : bytes * (use.read < 0 ? 1 : (runs[0] as number));
        use.box[l] = bytes;
        use.moved[l] = fetched * (counts[l] as number);
        workingSet[l] = (workingSet[l] as number) + fetched;
        // Results are stored once, whatever holds the operands.
        moved[l] = (moved[l] as number) + (use.read < 0 ? 0 : (use.moved[l] as number));
      }
      const inStep = use.read < 0 ? 1 : (askedInStep[use.read] as number);
      const inLoad = use.read < 0 ? 1 : (askedInLoad[use.read] as number);
      use.asked =
        use.staged * (use.moved[level.step] as number) * inStep +
        (1 - use.staged) * (use.moved[level.load] as number) * inLoad;
    }
  };
  return { uses, numbers, workingSet, moved, update };
}

function usesOf(nest: StageNest, n: number): Use[] {
  const of = (access: AccessInfo, read: number, again: boolean): Use => ({
    nest: n,
    read,
    access,
    bytes: bytesOf(access.buffer),
    again,
    box: new Float64Array(levelCount),
    moved: new Float64Array(levelCount),
    staged: 0,
    asked: 0,
  });
  return [
    ...nest.reads.map((access, q) => of(access, q, nest.again[q] as boolean)),
    ...nest.writes.map((access) => of(access, -1, false)),
  ];
}

/**
 * The outermost level whose working set a memory of `capacity` bytes holds, when it holds `copies` of the levels that belong to one workgroup:
 * reuse inside that level is served by it (the idea of cache-level prediction). -1 where it holds none, NaN while undecided.
 */
export function levelHeld(workingSet: Float64Array, capacity: number, copies: number): number {
  let held = -1;
  for (let l = 0; l < levelCount; l++) {
    const bytes = (workingSet[l] as number) * (l <= level.workgroup ? copies : 1);
    if (Number.isNaN(bytes)) return bytes;
    if (bytes > capacity) return held;
    held = l;
  }
  return held;
}

/** Bytes of an access that go past a memory which holds level `held`: all bytes asked for where it holds none. NaN-transparent. */
export function bytesPast(use: Use, held: number): number {
  if (Number.isNaN(held)) return held;
  if (held < 0) return use.asked;
  const fetched = use.moved[held] as number;
  return fetched > use.asked ? use.asked : fetched + 0 * use.asked;
}
