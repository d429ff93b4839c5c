/**
 * The loader of bundles that `wgtune export` writes, typed. `load.mjs` is the code: plain JavaScript without dependencies, the same in every
 * bundle. WebGPU's own types come from TypeScript's `dom` library or from `@webgpu/types`.
 */

export type DType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';
export type Triple = readonly [x: number, y: number, z: number];

/** The limits of WebGPU that kernels can exceed. All of them are maxima. */
export type LimitName =
  | 'maxComputeInvocationsPerWorkgroup'
  | 'maxComputeWorkgroupSizeX'
  | 'maxComputeWorkgroupSizeY'
  | 'maxComputeWorkgroupSizeZ'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxComputeWorkgroupsPerDimension'
  | 'maxStorageBufferBindingSize'
  | 'maxBufferSize'
  | 'maxStorageBuffersPerShaderStage';

/** What `requestDevice` is handed: what kernels need beyond what every WebGPU device has. */
export interface DeviceNeeds {
  readonly requiredFeatures: readonly string[];
  readonly requiredLimits: Readonly<Partial<Record<LimitName, number>>>;
}

/** Everything that kernels take for granted of a device. */
export interface Requirements extends DeviceNeeds {
  /** What they use of every limit, in items or bytes, whether or not the default has as much. */
  readonly limits: Readonly<Record<LimitName, number>>;
  /**
   * The sizes of subgroups for which they are right, which `requestDevice` cannot ask for: every size that the adapter may choose, from
   * `subgroupMinSize` to `subgroupMaxSize` of its info, must be one of them. `maxSize` is null where none is too large. Lanes must follow the
   * local index, x fastest, which WGSL does not promise. Null where kernels know nothing of subgroups.
   */
  readonly subgroups: {
    readonly minSize: number;
    readonly maxSize: number | null;
    readonly laneOrder: 'local-index';
  } | null;
  /**
   * Products of matrices that subgroups compute; the adapter's info lists those it has as `subgroupMatrixConfigs`. `orderAs` is the syntax of
   * the WGSL, which Dawn changed in 2026. Null where there are none.
   */
  readonly subgroupMatrix: {
    readonly orderAs: 'argument' | 'template';
    readonly configs: readonly {
      readonly component: string;
      readonly result: string;
      readonly m: number;
      readonly n: number;
      readonly k: number;
    }[];
  } | null;
}

export interface BundleBuffer {
  readonly name: string;
  /** The caller gives inputs and outputs. Scratch is the kernel's own, and so is what it packs: that is kept from run to run. */
  readonly role: 'input' | 'output' | 'scratch' | 'packed';
  readonly dtype: DType;
  /** Row-major. */
  readonly shape: readonly number[];
  /** Least size of the GPU buffer, a multiple of four. */
  readonly bytes: number;
}

/** One dispatch. */
export interface BundleKernel {
  /** WGSL, beside the manifest. */
  readonly file: string;
  readonly entryPoint: string;
  /** Whether it reads constant inputs alone, so that it need not run again while these hold the same values. */
  readonly runsOnce: boolean;
  /** Invocations of a workgroup. */
  readonly workgroupSize: Triple;
  /** Workgroups. */
  readonly dispatch: Triple;
  readonly bindings: readonly {
    readonly group: number;
    readonly binding: number;
    readonly buffer: string;
    /** `read` is the layout's `read-only-storage`, `read_write` its `storage`. */
    readonly access: 'read' | 'read_write';
  }[];
  /** Whether its lanes exchange values. */
  readonly usesSubgroups: boolean;
}

/** The part of `manifest.json` that it takes to run a bundle; `manifest.schema.json` describes all of it. */
export interface Manifest {
  readonly version: 2;
  readonly title: string;
  readonly requirements: Requirements;
  readonly buffers: readonly BundleBuffer[];
  /** In the order in which they run. */
  readonly kernels: readonly BundleKernel[];
}

/** What of an adapter or a device decides whether kernels run: a GPUAdapter and a GPUDevice are such, and so is plain data. */
export interface Target {
  readonly features: { has(name: string): boolean };
  readonly limits: unknown;
  /** A GPUAdapter has the first, a GPUDevice the second. */
  readonly info?: unknown;
  readonly adapterInfo?: unknown;
}

/**
 * Why kernels with these needs would fail or be wrong on an adapter or a device, as one sentence; null where they run. Of an adapter it says
 * what a device made with `requiredFeatures` and `requiredLimits` could do, of a device what that one can.
 */
export declare function unmetNeed(requirements: Requirements, target: Target): string | null;

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

/** What a kernel's pipeline is made of, beside its text. */
export interface PipelineKernel {
  readonly entryPoint: string;
  readonly bindings: readonly {
    readonly group: number;
    readonly binding: number;
    readonly access: 'read' | 'read_write';
  }[];
}

/** A pipeline; the numbers of the bind groups it uses, ascending, and a layout for each number up to the last. */
export interface CompiledPipeline {
  readonly groups: readonly number[];
  readonly layouts: readonly GPUBindGroupLayout[];
  readonly pipeline: GPUComputePipeline;
}

/** Compiles one kernel's module with a layout made of its bindings. */
export declare function createPipeline(
  device: GPUDevice,
  label: string,
  kernel: PipelineKernel,
  module: GPUShaderModule,
): Promise<CompiledPipeline>;

/** Pairs of lane and subgroup size by local index, in one workgroup of this size on the device. */
export declare function readLanes(device: GPUDevice, workgroupSize: Triple): Promise<Uint32Array>;

/** Whether invocation i of the pairs is lane i % size of subgroup i / size, and the size a power of two and the same for all. */
export declare function lanesAreInOrder(pairs: Uint32Array): boolean;
