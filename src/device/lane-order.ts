import { lanesAreInOrder, readLanes } from '../../bundle/subgroups.mjs';

/**
 * WGSL does not promise which invocations of a workgroup make up a subgroup, nor in which order. Kernels that exchange values between
 * lanes need the obvious order: invocation i (x fastest) is lane i % size of subgroup i / size. So a test kernel checks it on the device, as the
 * loader of a bundle does.
 */

/** Workgroup sizes that are tried: a line, a box, and lines whose ends cut through subgroups. */
const shapes: readonly (readonly [number, number, number])[] = [
  [128, 1, 1],
  [4, 4, 8],
  [24, 3, 1],
];

/** Whether lanes follow the local index in every shape that is tried. False, too, where the device cannot build or run the kernel. */
export async function lanesFollowLocalIndex(gpu: GPUDevice): Promise<boolean> {
  gpu.pushErrorScope('validation');
  gpu.pushErrorScope('internal');
  let linear = false;
  try {
    const answers = await Promise.all(shapes.map((shape) => readLanes(gpu, shape)));
    linear = answers.every(lanesAreInOrder);
  } catch {
    // A lost device or a failed mapping: an order that cannot be checked is not relied upon.
  }
  const errors = [await gpu.popErrorScope(), await gpu.popErrorScope()];
  return linear && errors.every((error) => error === null);
}
