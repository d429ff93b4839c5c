/**
 * What the loader of bundles and exported modules share, typed. `core.mjs` is the code. WebGPU's own types come from TypeScript's `dom` library
 * or from `@webgpu/types`.
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

/** What kernels are judged by of an adapter's or a device's info. */
export interface TargetInfo {
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
  readonly subgroupMatrixConfigs?: Iterable<{
    readonly componentType: string;
    readonly resultComponentType: string;
    readonly M: number;
    readonly N: number;
    readonly K: number;
  }>;
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

/** Kernels to be dispatched in order, in one pass, and their buffers. */
export interface KernelSet {
  readonly title: string;
  readonly buffers: readonly BundleBuffer[];
  readonly kernels: readonly BundleKernel[];
}

/** Kernels with the buffers that they work on. */
export interface BoundKernel {
  /**
   * Records the dispatches in a compute pass of the caller's. Allocates nothing. Kernels that run once are left out where the last recording
   * of any `BoundKernel` of the same kernel had them read the same inputs; submit in the order of recording.
   */
  encode(pass: GPUComputePassEncoder): void;
}

/** A kernel on a device, pipelines compiled. */
export interface PreparedKernel {
  /** Bytes of the buffers it made for itself. */
  readonly scratchBytes: number;
  /**
   * `buffers` has each input and output by name: a GPUBuffer with usage STORAGE, or a part of one. Throws where one is missing, too small, or
   * begins where the device lets no storage binding begin. What is bound keeps its buffers; bind again for others.
   */
  bind(buffers: Readonly<Record<string, GPUBuffer | GPUBufferBinding>>): BoundKernel;
  /** Has the next recording run the kernels that run once again: for constant inputs that have got other values. */
  repack(): void;
  /** Frees the buffers it made; those of the caller stay. */
  dispose(): void;
}

/** Compiles kernels, asynchronously. Rejects where lanes of subgroups do not follow the local index and a kernel depends on it. */
export declare function prepareKernel(
  device: GPUDevice,
  set: KernelSet,
  sources: Readonly<Record<string, string>>,
  label?: string,
): Promise<PreparedKernel>;

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
