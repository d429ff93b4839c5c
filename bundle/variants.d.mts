/** How modules that `wgtune export --as module` writes choose among the variants they hold, typed. `variants.mjs` is the code. */

import type { DeviceNeeds, KernelSet, PreparedKernel, Requirements, Target } from './core.d.mts';

/** One way to compute the workload, with what it needs of a device. */
export interface KernelVariant extends KernelSet {
  readonly name: string;
  readonly requirements: Requirements;
  /** Whether it asks for nothing beyond what every device has, so that it is taken where no other fits. */
  readonly isFallback: boolean;
  /** As much of the devices on which it was the fastest as a page can see of its own. */
  readonly tunedOn: readonly { readonly vendor: string; readonly architecture: string }[];
}

export interface KernelOptions {
  /** Name of a variant; the one that `select` chooses where it is absent. */
  readonly variant?: string;
  /** The adapter's `info`, for browsers whose devices have no `adapterInfo`. */
  readonly info?: Partial<GPUAdapterInfo>;
  /** Beginning of the labels of what is made on the device. */
  readonly label?: string;
}

/** A variant on a device. */
export interface VariantKernel extends PreparedKernel {
  readonly variant: string;
}

/**
 * The variant for an adapter or a device. Among those whose requirements it meets, one that was tuned on the same vendor's same architecture comes
 * first, then one of the same vendor, then the fallback. Throws where it does not even meet the fallback's.
 */
export declare function selectVariant(
  variants: readonly KernelVariant[],
  target: Target,
  info?: Partial<GPUAdapterInfo>,
): KernelVariant;

/** What to hand to `requestDevice`, or to merge into it. */
export declare function needsOf(variant: KernelVariant): DeviceNeeds;

/** Compiles a variant for a device. Rejects with one sentence where the device does not meet its requirements. */
export declare function createVariant(
  variants: readonly KernelVariant[],
  sources: Readonly<Record<string, string>>,
  device: GPUDevice,
  options?: KernelOptions,
): Promise<VariantKernel>;
