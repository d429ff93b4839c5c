/** A kernel as `wgtune export --as module` made it. WebGPU's types come from TypeScript's `dom` library or from `@webgpu/types`. */

/** What the kernel works on: buffers with usage STORAGE, or parts of such. All row-major. */
export type Buffers = Readonly<Record<string, GPUBuffer | GPUBufferBinding>>;

/** One way to compute it. */
export interface Variant {
  readonly name: string;
  /** Whether it asks for nothing beyond what every device has. */
  readonly isFallback: boolean;
  readonly tunedOn: readonly { readonly vendor: string; readonly architecture: string }[];
  readonly requirements: Needs & {
    /** What it uses of those limits of which not every device grants as much. */
    readonly limits: Readonly<Record<string, number>>;
    /** Sizes of subgroups for which it is right; null where it knows nothing of subgroups. */
    readonly subgroups: { readonly minSize: number; readonly maxSize: number | null } | null;
  };
}

/** To be merged into what the app hands to `requestDevice`. */
export interface Needs {
  readonly requiredFeatures: GPUFeatureName[];
  readonly requiredLimits: Record<string, number>;
}

export interface KernelOptions {
  /** A variant's name; the one that `select` chooses where it is absent. */
  readonly variant?: string;
  /** The adapter's `info`, for browsers whose devices have no `adapterInfo`. */
  readonly info?: Partial<GPUAdapterInfo>;
  /** Beginning of the labels of what it makes. */
  readonly label?: string;
}

export interface Bound {
  /** Records the dispatches in the app's compute pass. Allocates nothing; submits nothing. */
  encode(pass: GPUComputePassEncoder): void;
}

export interface Kernel {
  readonly variant: string;
  /** Bytes of the buffers it made for itself. */
  readonly scratchBytes: number;
  /** Makes the bind groups for these buffers. Throws where one is missing or too small. */
  bind(buffers: Buffers): Bound;
  /** Has constant inputs laid out anew by the next `encode`, because they have got other values. */
  repack(): void;
  /** Frees what it made for itself. The device and the app's buffers stay. */
  dispose(): void;
}

/** What it computes, and in which shape. */
export declare const workload: {
  readonly operator: string;
  readonly params: Readonly<Record<string, number>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly dtype: 'f32' | 'f16';
};
export declare const variants: readonly Variant[];
/** The variant for an adapter or a device: of its own vendor and architecture, else of its vendor, else the fallback. */
export declare function select(target: GPUAdapter | GPUDevice, info?: Partial<GPUAdapterInfo>): Variant;
/** What the variant for this adapter needs of a device. */
export declare function requires(adapter: GPUAdapter): Needs;
/** Compiles the variant for a device of the app's, asynchronously. Rejects with one sentence where the device lacks what it needs. */
export declare function createKernel(device: GPUDevice, options?: KernelOptions): Promise<Kernel>;
