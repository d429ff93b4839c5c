import type { DeviceDescription, DeviceLimits } from '../ir/limits.ts';
import { lanesFollowLocalIndex } from './lane-order.ts';
import { matrixFeature, subgroupMatrixOf } from './subgroup-matrix.ts';

/** What WebGPU alone tells of an adapter and its device: used by processes on Dawn and by pages alike. */

/** Features that kernels or their timing can use. */
const usefulFeatures: readonly string[] = [
  'timestamp-query',
  'shader-f16',
  'subgroups',
  'subgroup-size-control',
  matrixFeature,
];

/** A device with all limits of the adapter and every useful feature it has. */
export async function requestAll(
  adapter: GPUAdapter,
): Promise<{ readonly gpu: GPUDevice; readonly features: readonly string[]; readonly limits: DeviceLimits }> {
  const features = usefulFeatures.filter((name) => adapter.features.has(name)).sort();
  const gpu = await adapter.requestDevice({
    requiredFeatures: features as GPUFeatureName[],
    requiredLimits: allLimits(adapter.limits),
  });
  return { gpu, features, limits: limitsOf(gpu.limits, features.includes('subgroups') ? adapter.info : null) };
}

/** The description as the device bears it out: subgroups only where lanes lie in the order that kernels assume, with their matrices. */
export async function withUsableSubgroups(gpu: GPUDevice, description: DeviceDescription): Promise<DeviceDescription> {
  const usable = description.limits.subgroupMinSize > 0 && (await lanesFollowLocalIndex(gpu));
  return usable ? withMatrices(gpu, description) : withoutSubgroups(description);
}

function allLimits(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {};
  // The limits are getters of the prototype, not properties of the object.
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(limits))) {
    const value: unknown = (limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') all[name] = value;
  }
  return all;
}

function limitsOf(limits: GPUSupportedLimits, subgroups: GPUAdapterInfo | null): DeviceLimits {
  return {
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    subgroupMinSize: subgroups?.subgroupMinSize ?? 0,
    subgroupMaxSize: subgroups?.subgroupMaxSize ?? 0,
  };
}

async function withMatrices(gpu: GPUDevice, description: DeviceDescription): Promise<DeviceDescription> {
  const subgroupMatrix = await subgroupMatrixOf(gpu);
  return subgroupMatrix === null ? description : { ...description, limits: { ...description.limits, subgroupMatrix } };
}

/** Subgroups whose lanes lie in another order than kernels assume are treated as absent. */
function withoutSubgroups(description: DeviceDescription): DeviceDescription {
  return {
    ...description,
    features: description.features.filter((feature) => !feature.includes('subgroup')),
    limits: { ...description.limits, subgroupMinSize: 0, subgroupMaxSize: 0 },
  };
}
