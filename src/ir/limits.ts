import type { DType } from './nodes.ts';

export type MatrixDType = Exclude<DType, 'bool'>;

/** One kind of matrix product that a subgroup computes as a whole: M x K times K x N, with elements of one type and sums of another. */
export interface SubgroupMatrixConfig {
  readonly component: MatrixDType;
  readonly result: MatrixDType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/**
 * How the device's WGSL says whether a matrix lies in memory by rows or by columns: as an argument of the load, `(&p, at, false, stride)`,
 * or as a template parameter, `<T, row_major>(&p, at, stride)`. Dawn moved from the first to the second in 2026.
 */
export type MatrixOrderSyntax = 'argument' | 'template';

/** What `chromium-experimental-subgroup-matrix` offers on a device. */
export interface SubgroupMatrixSupport {
  readonly orderAs: MatrixOrderSyntax;
  readonly configs: readonly SubgroupMatrixConfig[];
}

/** What a device can do, as plain data: legality and pruning know devices only through this. Sizes in bytes, counts in items. */
export interface DeviceLimits {
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupSizeX: number;
  readonly maxComputeWorkgroupSizeY: number;
  readonly maxComputeWorkgroupSizeZ: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  /** Smallest and largest subgroup, 0 when the device has none whose lanes follow the local index (device/lane-order.ts). */
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** Absent where the device has no subgroup matrices, and in records from before they were asked for. */
  readonly subgroupMatrix?: SubgroupMatrixSupport;
}

/** WebGPU's guaranteed limits: what every adapter grants. */
export const defaultLimits: DeviceLimits = Object.freeze({
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBufferBindingSize: 134217728,
  maxBufferSize: 268435456,
  maxStorageBuffersPerShaderStage: 8,
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
});

export type Profile = 'browser' | 'native';

/** A device as records and features see it: an adapter under a profile, as plain data. Every record holds it whole. */
export interface DeviceDescription {
  /** What `--device` takes: `swiftshader`, `lavapipe`, `nvidia-h200` ... */
  readonly name: string;
  /** From GPUAdapterInfo. */
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** `vulkan`, `metal`, `d3d12` ... */
  readonly backend: string;
  /** Driver name and version as far as the adapter tells. */
  readonly driver: string;
  /** `cpu` for software rasterisers, else `gpu`. */
  readonly type: 'cpu' | 'gpu';
  /** Version of the `webgpu` package that holds Dawn. */
  readonly dawnVersion: string;
  readonly profile: Profile;
  /** Dawn toggles switched away from their default, sorted. */
  readonly toggles: readonly string[];
  /** Features requested and granted, sorted. */
  readonly features: readonly string[];
  readonly limits: DeviceLimits;
  /** Other things that change its speed: CPU threads of a software device, native vector width, cold caches (`CACHES`). */
  readonly environment: Readonly<Record<string, string>>;
}
