import type { Plan } from '../space/plan.ts';
import type { DeviceNumbers } from './device-numbers.ts';

/** One column of the feature matrix: a named number with a unit. NaN where it depends on an undecided decision. */
export interface Feature {
  readonly name: string;
  readonly unit: string;
  /** One sentence for people. */
  readonly doc: string;
}

/** Writes a kernel's features of one family to `out` from `offset`: `q` holds the plan's quantities. Allocates nothing. */
export type WriteFeatures = (
  q: Float64Array,
  values: Float64Array,
  first: number,
  out: Float32Array,
  offset: number,
) => void;

/** Features of a kernel that are about one thing and computed together. */
export interface Family {
  readonly name: string;
  readonly features: readonly Feature[];
  /** Prepares for the prefixes of one plan on one device. */
  readonly writer: (plan: Plan, device: DeviceNumbers) => WriteFeatures;
}
