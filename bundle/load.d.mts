/**
 * The loader of bundles that `wgtune export` writes, typed. `load.mjs` is the code: plain JavaScript without dependencies, the same in every
 * bundle, with `core.mjs` beside it. WebGPU's own types come from TypeScript's `dom` library or from `@webgpu/types`.
 */

import type { KernelSet, Requirements, Target } from './core.d.mts';

/** The part of `manifest.json` that it takes to run a bundle; `manifest.schema.json` describes all of it. */
export interface Manifest extends KernelSet {
  readonly version: 2;
  readonly requirements: Requirements;
}

/** The same for a bundle; also where its manifest is not of the version that this loader knows. */
export declare function unsupportedReason(manifest: Manifest, target: Target): string | null;

/** What to hand to `requestDevice` for all of these bundles together; leave out those for which `unsupportedReason` has a reason. */
export declare function deviceNeedsOf(manifests: readonly Manifest[]): {
  requiredFeatures: GPUFeatureName[];
  requiredLimits: Record<string, number>;
};

/** A kernel on a device, pipelines compiled. */
export interface LoadedKernel {
  readonly manifest: Manifest;
  /**
   * Records its dispatches in a compute pass, or in one of its own where an encoder is given. `buffers` has each input and output by name: a
   * GPUBuffer with usage STORAGE, or a part of one. Throws where one is missing or too small. Kernels that run once are recorded the first
   * time, and again where an input that they read is another buffer, or another part of it, than the last time: submit commands in the order in
   * which they were recorded, and call `repack` where such a buffer has got other values.
   */
  encode(
    target: GPUCommandEncoder | GPUComputePassEncoder,
    buffers: Readonly<Record<string, GPUBuffer | GPUBufferBinding>>,
  ): void;
  /** Has the next `encode` record the kernels that run once again. */
  repack(): void;
  /** Uploads inputs (row-major), runs, and reads the outputs back: for trying it out. In models keep data on the device, with `encode`. */
  run(inputs: Readonly<Record<string, ArrayBuffer | ArrayBufferView>>): Promise<Record<string, ArrayBuffer>>;
  /** Frees its own buffers. */
  destroy(): void;
}

/**
 * Compiles a bundle for a device. `sources` holds the WGSL by file name. Rejects with one sentence where the device does not meet the
 * requirements; where kernels depend on the order of lanes, that is asked by a kernel of the same workgroup size.
 */
export declare function createKernel(
  device: GPUDevice,
  manifest: Manifest,
  sources: Readonly<Record<string, string>>,
): Promise<LoadedKernel>;
