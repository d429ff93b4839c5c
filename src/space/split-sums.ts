import type { DeviceDescription } from '../ir/limits.ts';
import type { ScheduleBuilder } from './builder.ts';
import { hasReuse, type StageInfo } from './stage.ts';

/** A reduction shared by workgroups: it is cut into parts of an iter, whose partial results a kernel of its own reduces. */
export interface Split {
  readonly block: string;
  readonly iter: string;
  readonly parts: number;
  /** All parts are equally long: none of them has guards. */
  readonly isWhole: boolean;
}

/** With fewer parts, most of the time lies in what is not shared. */
const fewestParts = 4;

/** What is worth splitting, and how far. */
export interface SplitSizes {
  /** Terms of all outputs together: fewer are summed before a second kernel would have begun. */
  readonly leastTerms: number;
  /** Outputs of a workgroup where operands are reused; rows have a workgroup each at most. */
  readonly tile: number;
  /** Workgroups that keep a device busy. */
  readonly workgroups: number;
  /** Terms of one part of a product's output, and of a row: shorter parts cost more to store and to add up than they share. */
  readonly shortestProduct: number;
  readonly shortestRow: number;
  /** One invocation adds up the parts of a result. */
  readonly mostParts: number;
}

/**
 * A GPU wants a few workgroups for each of its processors. The lanes of a CPU's few cores are full with one workgroup for each, also of the
 * smallest products, so that a second kernel only costs (docs/decisions/033-split-k.md): nothing is split there.
 */
export const splitSizes: Readonly<Record<DeviceDescription['type'], SplitSizes | null>> = {
  gpu: { leastTerms: 2 ** 18, tile: 1024, workgroups: 256, shortestProduct: 128, shortestRow: 2048, mostParts: 64 },
  cpu: null,
};

/**
 * The rule of split reductions (split-K of CUTLASS and of ONNX Runtime, Halide's and TVM's rfactor idiom): where outputs are too few to keep
 * a device busy and their reduction is long, each workgroup takes a part of it. Empty where outputs suffice, or the parts would be short.
 */
export function splitsOf(stages: readonly StageInfo[], sizes: SplitSizes | null): Split[] {
  if (sizes === null) return [];
  return stages.flatMap((stage) => {
    const [outputs, terms] = [stage.spatial, stage.reduction].map((iters) =>
      iters.reduce((all, { extent }) => all * extent, 1),
    ) as [number, number];
    if (stage.reduction.length === 0 || outputs * terms < sizes.leastTerms) return [];
    const longest = stage.reduction.reduce((most, iter) => (iter.extent > most.extent ? iter : most));
    const isProduct = hasReuse(stage);
    const wanted = Math.min(
      sizes.mostParts,
      Math.floor(sizes.workgroups / Math.ceil(outputs / (isProduct ? sizes.tile : 1))),
      Math.floor(terms / (isProduct ? sizes.shortestProduct : sizes.shortestRow)),
      longest.extent,
    );
    if (wanted < fewestParts) return [];
    const parts = wholeParts(longest.extent, wanted);
    return [{ block: stage.block.name, iter: longest.name, parts, isWhole: longest.extent % parts === 0 }];
  });
}

/** As many parts as wanted, or somewhat fewer where these are of whole vectors, or at least of equal length: they need no guards. */
function wholeParts(extent: number, wanted: number): number {
  for (const vector of [4, 2, 1])
    for (let parts = wanted; parts > wanted / 2 && parts > 1; parts--)
      if (extent % (parts * vector) === 0) return parts;
  return wanted;
}

/** Cuts a reduction of a plain program into parts. */
export function applySplit(builder: ScheduleBuilder, { block, iter, parts }: Omit<Split, 'isWhole'>): void {
  const [part] = builder.split(builder.loopOfIter(block, iter) as string, [parts, null]) as [string];
  const ownOf = (name: string): string[] => builder.ownLoops(name).map((loop) => loop.name);
  const at = ownOf(block).indexOf(part);
  // Partial results of one part lie as the results do: what was contiguous stays so.
  const partial = ownOf(builder.rfactor(block, part, 0).block);
  builder.reorder([partial[at] as string, ...partial.slice(0, at)]);
}
