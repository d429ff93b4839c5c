import type { DeviceDescription } from '../ir/limits.ts';
import { type ChainSizes, chainSizes } from './online-chains.ts';
import { type PackSizes, packSizes } from './packing.ts';
import { type SplitSizes, splitSizes } from './split-sums.ts';
import { type TransformSizes, transformSizes } from './transforms.ts';
import { type WalkSizes, walkSizes } from './walk.ts';

/** What may pay on a kind of device, as far as a program's structure tells: which forms and decisions its sketches have. */
export interface SpaceSizes {
  /** Which reductions are split among workgroups; null for none. */
  readonly splits: SplitSizes | null;
  /** Which constant operands are packed; null for none. */
  readonly packs: PackSizes | null;
  /** Which sums over windows are transformed; null for none. */
  readonly transforms: TransformSizes | null;
  /** Which softmaxes become one kernel with what they weigh. */
  readonly chains: ChainSizes;
  /** When the order in which workgroups walk the grid is decided; null for never. */
  readonly walks: WalkSizes | null;
}

const sizesOf = (type: DeviceDescription['type']): SpaceSizes => ({
  splits: splitSizes[type],
  packs: packSizes[type],
  transforms: transformSizes[type],
  chains: chainSizes[type],
  walks: walkSizes[type],
});

export const spaceSizes: Readonly<Record<DeviceDescription['type'], SpaceSizes>> = {
  gpu: sizesOf('gpu'),
  cpu: sizesOf('cpu'),
};
