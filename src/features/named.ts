import type { DeviceDescription } from '../ir/limits.ts';
import type { Sketch } from '../space/sketch.ts';
import { createExtractor, kernelSlots, rowLength, slotOffset, wholeFeatures } from './extractor.ts';
import { families } from './families.ts';

/** A feature for people. */
export interface NamedNumber {
  readonly name: string;
  readonly unit: string;
  /** NaN where it depends on an undecided decision, or on an operand the kernel does not have. */
  readonly value: number;
}

/** A feature of a kernel: its number with its family and its description. */
export interface NamedFeature extends NamedNumber {
  readonly family: string;
  readonly doc: string;
}

/** What the cost model sees of a candidate. */
export interface NamedFeatures {
  readonly whole: readonly NamedNumber[];
  /** The kernels that have columns of their own, heaviest first. */
  readonly kernels: readonly { readonly rule: string; readonly features: readonly NamedFeature[] }[];
}

/** The very numbers of a feature row with their names and units; `values` as createExtractor takes them. */
export function namedFeatures(sketch: Sketch, values: ArrayLike<number>, device: DeviceDescription): NamedFeatures {
  const row = new Float32Array(rowLength);
  createExtractor(sketch, device).extract(Float64Array.from(values), row, 0);
  return {
    whole: wholeFeatures.map(({ name, unit }, column) => ({ name, unit, value: row[column] as number })),
    kernels: sketch.tilings.slice(0, kernelSlots).map(({ rule }, slot) => {
      // A kernel's first column is its rule.
      let column = slotOffset(slot) + 1;
      const features = families.flatMap((family) =>
        family.features.map((feature) => ({ family: family.name, ...feature, value: row[column++] as number })),
      );
      return { rule, features };
    }),
  };
}
