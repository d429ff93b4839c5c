import type { AccessInfo, StageInfo } from './stage.ts';

/**
 * The loop nest of a kernel, as far as reuse is concerned: five levels, each inside the next. Within one instance of a level every iter runs
 * through a box of iterations; what an access touches in that box, and how often there is such a box, is all that locality needs (the
 * footprints of Halide's schedule features and of Ansor's unique bytes a loop).
 */
export const level = {
  /** What one invocation loads before it computes: its fragment of an operand. */
  load: 0,
  /** What a workgroup touches in one step of its outer loop. */
  step: 1,
  /** What a workgroup touches in its life. */
  workgroup: 2,
  /** What a row of workgroups touches, those that differ in x alone: neighbours in the order in which devices start them. */
  row: 3,
  /** What the kernel touches. */
  grid: 4,
} as const;
export const levelCount = 5;

/** What decisions make of a nest; NaN where undecided. Written anew for every prefix. */
export interface NestNumbers {
  /** Iterations of each iter in a box: of level `l` and iter `i` at `l * iters + i`. */
  readonly boxes: Float64Array;
  /** How often there is a box of each level in the whole kernel. */
  readonly counts: Float64Array;
  /** By how many iterations of each iter neighbours along x, and along y, are apart. */
  readonly besideX: Float64Array;
  readonly besideY: Float64Array;
  /** For each read: 1 when it goes through workgroup memory. */
  readonly staged: Float64Array;
  /** 1; 0 where it is decided that another nest reads for this one as well. */
  runs: number;
  /** Elements one load instruction takes where they lie next to each other. */
  vector: number;
  /** Unused elements after each row of a tile in workgroup memory. */
  padding: number;
}

/** One stage of a kernel, seen as a nest. A kernel of fused stages has several, one after the other. */
export interface Nest {
  readonly stage: StageInfo;
  /** What it reads from storage. */
  readonly reads: readonly AccessInfo[];
  /** Of these: those that an earlier nest of the same kernel has read at the same rows, so that only the distance to then counts. */
  readonly again: readonly boolean[];
  /** What it stores to storage. */
  readonly writes: readonly AccessInfo[];
  /** Allocates nothing. `values` and `first` as in Plan. */
  readonly describe: (values: Float64Array, first: number, into: NestNumbers) => void;
}

export function nestNumbers({ stage, reads }: Nest): NestNumbers {
  const count = stage.block.iters.length;
  const numbers = (length: number): Float64Array => new Float64Array(length);
  return {
    boxes: numbers(count * levelCount),
    counts: numbers(levelCount),
    besideX: numbers(count),
    besideY: numbers(count),
    staged: numbers(reads.length),
    runs: 1,
    vector: 1,
    padding: 0,
  };
}

/**
 * The box of `size` consecutive iterations of a fused loop over the iters from `begin` to before `end`, innermost last: whole inner axes
 * first, as the loop runs. NaN-transparent.
 */
export function fusedBox(
  extents: ArrayLike<number>,
  begin: number,
  end: number,
  size: number,
  into: Float64Array,
  offset: number,
): void {
  let rest = size;
  for (let i = end - 1; i >= begin; i--) {
    const extent = extents[i] as number;
    into[offset + i] = rest > extent ? extent : rest;
    rest = Math.ceil(rest / extent);
  }
}
