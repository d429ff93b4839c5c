import type { DeviceDescription } from '../ir/limits.ts';
import type { Sketch } from '../space/sketch.ts';
import { planFeatures } from './definitions.ts';
import { createExtractor, featureCount, planSlots, slotOffset, wholeFeatures } from './extractor.ts';

/** A feature for people. */
export interface NamedNumber {
  readonly name: string;
  readonly unit: string;
  /** NaN where it depends on an undecided decision. */
  readonly value: number;
}

/** What the cost model sees of a candidate. */
export interface NamedFeatures {
  readonly whole: readonly NamedNumber[];
  /** The kernels that have columns of their own, heaviest first. */
  readonly kernels: readonly { readonly rule: string; readonly features: readonly NamedNumber[] }[];
}

/** The very numbers of a feature row with their names and units; `values` as createExtractor takes them. */
export function namedFeatures(sketch: Sketch, values: ArrayLike<number>, device: DeviceDescription): NamedFeatures {
  const row = new Float32Array(featureCount);
  createExtractor(sketch, device).extract(Float64Array.from(values), row, 0);
  return {
    whole: wholeFeatures.map(({ name, unit }, column) => ({ name, unit, value: row[column] as number })),
    kernels: sketch.plans.slice(0, planSlots).map(({ rule }, slot) => ({
      rule,
      // A kernel's first column is its rule.
      features: planFeatures.map(({ name, unit }, f) => ({
        name,
        unit,
        value: row[slotOffset(slot) + 1 + f] as number,
      })),
    })),
  };
}
