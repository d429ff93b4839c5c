/** What kernels need of a device's subgroups, typed. `subgroups.mjs` is the code. */

import type { KernelSet, Requirements, TargetInfo, Triple } from './core.d.mts';

/** Why the sizes of an adapter's or a device's subgroups do not suit, as one sentence; null where they do. `here`: what it is called. */
export declare function sizeReason(
  requirements: Pick<Requirements, 'subgroups'>,
  info: TargetInfo,
  here: string,
): string | null;

/** Why kernels whose lanes exchange values would be wrong on a device whose lanes are in another order; null where they would not. */
export declare function laneReason(
  device: GPUDevice,
  set: Pick<KernelSet, 'title' | 'kernels'>,
): Promise<string | null>;

/** Pairs of lane and subgroup size by local index, in one workgroup of this size on the device. */
export declare function readLanes(device: GPUDevice, workgroupSize: Triple): Promise<Uint32Array>;

/** Whether invocation i of the pairs is lane i % size of subgroup i / size, and the size a power of two and the same for all. */
export declare function lanesAreInOrder(pairs: Uint32Array): boolean;
