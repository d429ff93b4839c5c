import type { DeviceLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { completeAtRandom } from '../../src/search/space/completion.ts';
import { createEstimator } from '../../src/space/estimator.ts';
import { type EstimateName, estimateAt, estimateLength, type KernelEstimate } from '../../src/space/kernel-estimate.ts';
import type { ChainSizes } from '../../src/space/online-chains.ts';
import type { PackSizes } from '../../src/space/packing.ts';
import { createPruner } from '../../src/space/pruning.ts';
import { positionsIn, type Sketch } from '../../src/space/sketch.ts';
import type { SplitSizes } from '../../src/space/split-sums.ts';
import type { Tiling } from '../../src/space/tiling.ts';
import type { TransformSizes } from '../../src/space/transforms.ts';
import type { WalkSizes } from '../../src/space/walk.ts';
import type { Random } from '../../src/support/random.ts';
import type { Case } from './cases.ts';

/** Splits every reduction that can be split, so that small programs can be tried. */
export const smallSplits: SplitSizes = {
  ...{ leastTerms: 1, tile: 1024, workgroups: 256 },
  ...{ shortestProduct: 2, shortestRow: 2, mostParts: 8 },
};

/** Packs every constant operand that can be packed. */
export const packAll: PackSizes = { leastElements: 1, leastReuse: 1, inOrder: true };

/** Transforms every sum that can be, in tiles of two by two where there are few channels, or of four by four everywhere. */
export const smallTransforms: Readonly<Record<2 | 4, TransformSizes>> = {
  2: { elementProducts: 0, mostTime: Number.POSITIVE_INFINITY, mostError: 3 },
  4: { elementProducts: 0, mostTime: Number.POSITIVE_INFINITY, mostError: Number.POSITIVE_INFINITY },
};

/** Has the order of workgroups decided wherever there are rows and columns of tiles. */
export const anyWalk: WalkSizes = { leastBytes: 0 };

/** Cuts softmaxes with a weighted sum into parts that are shorter than any that would pay. */
export const smallChains: ChainSizes = {
  ...{ mostTerms: 2, partLength: 4, isForShared: true },
  sharing: null,
};

/** The same, with the parts shared among workgroups wherever there are several. */
export const sharedChains: ChainSizes = {
  ...{ mostTerms: 6, partLength: null, isForShared: true },
  sharing: { workgroups: 2 ** 20, tile: 1, shortest: 2, fewest: 2, most: 4 },
};

/** The plain program of a case. */
export function programOfCase({ operator, wish }: Case, dtype = 'f32'): Program {
  return findOperator(operator).build(makeWorkload(operator, { ...wish, dtype }));
}

/** The estimate of one of a sketch's kernels for values of its decisions; returns the same array every time. */
export function estimatorFor(sketch: Sketch, kernel: number): (values: Float64Array) => KernelEstimate {
  const estimate = new Float64Array(estimateLength);
  const write = createEstimator(sketch.tilings[kernel] as Tiling, positionsIn(sketch));
  return (values) => {
    write(values, estimate);
    return estimate;
  };
}

export function estimateFor(sketch: Sketch, kernel: number, values: Float64Array): KernelEstimate {
  return estimatorFor(sketch, kernel)(values);
}

/** One number of that estimate. */
export function estimated(sketch: Sketch, kernel: number, values: Float64Array, name: EstimateName): number {
  return estimateFor(sketch, kernel, values)[estimateAt[name]] as number;
}

/** Random assignments of all decisions that exact pruning accepts. */
export function legalCandidates(
  sketch: Sketch,
  limits: DeviceLimits,
  count: number,
  random: Random,
  longest?: number,
): Float64Array[] {
  const pruner = createPruner(sketch, limits, longest);
  const found: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
    if (completeAtRandom(sketch, pruner, values, 0, random)) found.push(values);
  }
  return found;
}

/**
 * A sketch with the first few options of every decision, which keeps its kernels small enough to be interpreted. Decisions of the kinds in
 * `without` (`double-buffer`, `partition`) keep the value from before they existed, because the test itself does such steps afterwards.
 */
export function narrowed(sketch: Sketch, without: readonly string[], most = 4): Sketch {
  const decisions = sketch.decisions.map((decision) => {
    const isLeft = without.some((kind) => decision.name.endsWith(`.${kind}`));
    return { ...decision, options: decision.options.slice(0, isLeft ? 1 : most) };
  });
  return { ...sketch, decisions };
}

/** Random assignments of all decisions, legal or not. */
export function anyCandidate(sketch: Sketch, random: Random): Float64Array {
  return Float64Array.from(sketch.decisions, (decision) => random.pick(decision.options));
}

/** `a=1 b=2`, to say which candidate a failure is about. */
export function describeValues(sketch: Sketch, values: ArrayLike<number>): string {
  return `${sketch.name}: ${sketch.decisions.map((decision, i) => `${decision.name}=${values[i]}`).join(' ')}`;
}
