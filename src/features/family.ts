import type { KernelEstimate } from '../space/kernel-estimate.ts';
import type { Tiling } from '../space/tiling.ts';
import type { CacheTraffic } from './cache-traffic.ts';
import type { DeviceNumbers } from './device-numbers.ts';

/** One column of the feature matrix: a named number with a unit. NaN where it depends on an undecided decision. */
export interface Feature {
  readonly name: string;
  readonly unit: string;
  /** One sentence for people. */
  readonly doc: string;
}

/** Writes a kernel's features of one family to `out` from `offset`. Allocates nothing. */
export type WriteFeatures = (estimate: KernelEstimate, out: Float32Array, offset: number) => void;

/** Features of a kernel that are about one thing and computed together. */
export interface Family {
  readonly name: string;
  readonly features: readonly Feature[];
  /** Prepares for the prefixes of one kernel on one device; `traffic` is up to date with the estimate whenever a row is written. */
  readonly writer: (tiling: Tiling, traffic: CacheTraffic, device: DeviceNumbers) => WriteFeatures;
}
