import { boundFactor, winogradMatrices } from '../arithmetic/winograd-matrices.ts';
import { blocksRunOnce } from '../ir/constants.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Iter, Program } from '../ir/nodes.ts';
import { windowTaps } from '../schedule/primitives/winograd.ts';
import { isRefusal } from '../support/refusal.ts';
import { buildSchedule } from './builder.ts';
import { namedElements, periodsOf } from './cases.ts';
import { type StageInfo, stagesOf } from './stage.ts';

/** A sum over windows that Winograd's algorithm computes, in tiles of outputs in each direction. */
export interface Transform {
  readonly block: string;
  readonly outputs: 2 | 4;
}

/** What is worth transforming. */
export interface TransformSizes {
  /** Products that loading or storing an element of a transform takes as long as. */
  readonly elementProducts: number;
  /** The most of the direct sum's time that the transforms and what is left of the products may be expected to take. */
  readonly mostTime: number;
  /** The bound on the error may be this many times that of the direct sum. */
  readonly mostError: number;
}

/** Results lose at most two bits. */
const mostError = 4;

/**
 * On lavapipe an element takes 1.1 ns and a product 0.05 to 0.06 (docs/decisions/037-winograd.md). No GPU was at hand: one that multiplies 25e12
 * times and moves 3e12 bytes a second does 33 products while it moves an element.
 */
export const transformSizes: Readonly<Record<DeviceDescription['type'], TransformSizes | null>> = {
  gpu: { elementProducts: 32, mostTime: 0.75, mostError },
  cpu: { elementProducts: 20, mostTime: 1, mostError },
};

const sizeOf = (iters: readonly Pick<Iter, 'extent'>[]): number => iters.reduce((all, { extent }) => all * extent, 1);

/**
 * The rule of transforms: a sum of products over channels and 3 x 3 windows may be computed by Winograd's algorithm where its error bound is
 * near that of the sum, no operand is of f16, and the products that are saved take longer than the transforms. Of the sizes of tiles the one is
 * offered that is expected to take least. Whether the algorithm applies is asked of the primitive.
 */
export function transformsOf(
  program: Program,
  stages: readonly StageInfo[],
  sizes: TransformSizes | null,
): readonly Transform[] {
  if (sizes === null) return [];
  return stages.flatMap((stage) => {
    if (stage.reduction.length === 0 || stage.reads.some(({ buffer }) => buffer.dtype === 'f16')) return [];
    const channels = sizeOf(stage.reduction) / windowTaps ** 2;
    const offered = ([2, 4] as const).flatMap((outputs) => {
      if (boundFactor(winogradMatrices(outputs, windowTaps), channels) > sizes.mostError) return [];
      const transform = { block: stage.block.name, outputs };
      const time = timeOf(program, stage, transform, sizes);
      return time === null || time > sizes.mostTime ? [] : [{ transform, time }];
    });
    const [best] = offered.sort((a, b) => a.time - b.time);
    return best === undefined ? [] : [best.transform];
  });
}

/** The time of a transformed sum relative to the direct one's, as far as products and elements tell; null where it cannot be transformed. */
function timeOf(
  program: Program,
  stage: StageInfo,
  transform: Transform,
  { elementProducts }: TransformSizes,
): number | null {
  const made = buildSchedule(program, (builder) => builder.apply('winograd', { ...transform }));
  if (isRefusal(made)) return null;
  const stages = stagesOf(made.program);
  const products = stages.find(({ block }) => block.name === transform.block)?.block.iters ?? [];
  // The transform of a constant filter runs once for all.
  const once = blocksRunOnce(made.program);
  const transforms = stages.filter(({ block }) => periodsOf(block).size > 0 && !once.has(block.name));
  // Of the two stages of a transform the first loads and the last stores; what the first hands over stays in registers.
  const elements = transforms.map((one) => {
    const isFirst = transforms.some(({ reads }) => reads.some(({ buffer }) => buffer.name === one.write.buffer.name));
    return isFirst ? loadedBy(one) : sizeOf(one.block.iters);
  });
  return (
    (sizeOf(products) + elementProducts * elements.reduce((all, next) => all + next, 0)) / sizeOf(stage.block.iters)
  );
}

/** Elements that a stage of formulas loads: for each pattern all that are named. */
function loadedBy(stage: StageInfo): number {
  const periods = periodsOf(stage.block);
  const patterns = sizeOf(stage.block.iters.filter(({ name }) => !periods.has(name)));
  return patterns * stage.reads.reduce((all, read) => all + namedElements(stage, read).length, 0);
}
