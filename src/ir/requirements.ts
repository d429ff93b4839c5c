import type { LimitName, Requirements } from '../../bundle/core.mjs';
import type { Artifact, BufferSpec } from './artifact.ts';
import { sizeOfScalar } from './kernel.ts';
import { type DeviceDescription, defaultLimits, type SubgroupMatrixSupport } from './limits.ts';

/** Bytes of a buffer on a device: WebGPU copies and binds whole words, and no buffer may be empty. */
export function byteSizeOf({ dtype, shape }: Pick<BufferSpec, 'dtype' | 'shape'>): number {
  const bytes = shape.reduce((product, extent) => product * extent, sizeOfScalar[dtype]);
  return Math.max(4, Math.ceil(bytes / 4) * 4);
}

/**
 * Everything that an artifact's kernels take for granted of a device: the one list that a bundle's manifest states, and by which it is decided
 * whether a kernel fits a device. Each number is the largest that any of the kernels or buffers needs.
 */
export function requirementsOf({ kernels, buffers }: Artifact): Requirements {
  const most = (numbers: readonly number[]): number => Math.max(0, ...numbers);
  const bytes = new Map(buffers.map((spec) => [spec.name, byteSizeOf(spec)]));
  const limits: Record<LimitName, number> = {
    maxComputeInvocationsPerWorkgroup: most(kernels.map(({ workgroupSize: [x, y, z] }) => x * y * z)),
    maxComputeWorkgroupSizeX: most(kernels.map(({ workgroupSize }) => workgroupSize[0])),
    maxComputeWorkgroupSizeY: most(kernels.map(({ workgroupSize }) => workgroupSize[1])),
    maxComputeWorkgroupSizeZ: most(kernels.map(({ workgroupSize }) => workgroupSize[2])),
    maxComputeWorkgroupStorageSize: most(kernels.map(({ workgroupBytes }) => workgroupBytes)),
    maxComputeWorkgroupsPerDimension: most(kernels.flatMap(({ dispatch }) => dispatch)),
    maxStorageBufferBindingSize: most(
      kernels.flatMap(({ bindings }) => bindings.map(({ buffer }) => bytes.get(buffer) ?? 0)),
    ),
    maxBufferSize: most([...bytes.values()]),
    maxStorageBuffersPerShaderStage: most(kernels.map(({ bindings }) => bindings.length)),
  };
  return {
    requiredFeatures: [...new Set(kernels.flatMap(({ features }) => features))].sort(),
    requiredLimits: Object.fromEntries(
      Object.entries(limits).filter(([name, value]) => value > defaultLimits[name as LimitName]),
    ),
    limits,
    subgroups: subgroupsOf(kernels),
    subgroupMatrix: matricesOf(kernels),
  };
}

/** The sizes of subgroups on which all kernels are right. */
function subgroupsOf(kernels: Artifact['kernels']): Requirements['subgroups'] {
  const needs = kernels.flatMap(({ subgroups }) => (subgroups === null ? [] : [subgroups]));
  if (needs.length === 0) return null;
  const maxSize = Math.min(...needs.map((need) => need.maxSize ?? Number.POSITIVE_INFINITY));
  return {
    minSize: Math.max(...needs.map(({ minSize }) => minSize)),
    maxSize: Number.isFinite(maxSize) ? maxSize : null,
    laneOrder: 'local-index',
  };
}

function matricesOf(kernels: Artifact['kernels']): SubgroupMatrixSupport | null {
  const needs = kernels.flatMap(({ subgroupMatrix }) => (subgroupMatrix === null ? [] : [subgroupMatrix]));
  const [first] = needs;
  if (first === undefined) return null;
  const configs = new Map(needs.flatMap((need) => need.configs.map((config) => [JSON.stringify(config), config])));
  return { orderAs: first.orderAs, configs: [...configs.values()] };
}

/** A device in the shape of an adapter, to check requirements against; where its features are not given it has all of them. */
export function targetOf({ features, limits }: Pick<DeviceDescription, 'limits'> & Partial<DeviceDescription>): {
  readonly features: { has(name: string): boolean };
  readonly limits: DeviceDescription['limits'];
  readonly info: Readonly<Record<string, unknown>>;
} {
  const { subgroupMinSize, subgroupMaxSize, subgroupMatrix } = limits;
  const subgroupMatrixConfigs = (subgroupMatrix?.configs ?? []).map(({ component, result, m, n, k }) => ({
    componentType: component,
    resultComponentType: result,
    M: m,
    N: n,
    K: k,
  }));
  return {
    features: features === undefined ? { has: () => true } : new Set(features),
    limits,
    info: { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs },
  };
}
