import type { DeviceDescription } from '../ir/limits.ts';
import { quantityCount } from '../space/quantities.ts';
import type { Sketch } from '../space/sketch.ts';
import { deviceNumbers } from './device-numbers.ts';
import { families, planFeatures } from './families.ts';
import type { WriteFeatures } from './family.ts';

/** A sketch's three heaviest kernels have columns of their own; a candidate seldom has more. */
export const planSlots = 3;
// In the order in which they came, so that a rule keeps its number.
const ruleNames = ['tiled', 'rows', 'flat', 'naive', 'turned', 'matrix'];
/** Columns that concern the candidate as a whole. */
export const wholeFeatures = [
  { name: 'kernels', unit: 'count' },
  { name: 'fraction decided', unit: 'fraction of the decisions' },
] as const;
const perPlan = planFeatures.length + 1;
/** Where each family's columns begin among a kernel's features. */
const offsets = families.map((_, family) =>
  families.slice(0, family).reduce((sum, { features }) => sum + features.length, 0),
);

/** Column of a kernel's rule; its features follow in the order of planFeatures. */
export function slotOffset(slot: number): number {
  return wholeFeatures.length + slot * perPlan;
}

/** Names of all columns, in order; the same for every operator, sketch and device, so that logs of one serve another. */
export const featureNames: readonly string[] = [
  ...wholeFeatures.map(({ name }) => name),
  ...Array.from({ length: planSlots }, (_, slot) => [
    `kernel ${slot}: rule`,
    ...planFeatures.map((feature) => `kernel ${slot}: ${feature.name}`),
  ]).flat(),
];
export const featureCount = featureNames.length;

/** Turns prefixes of one sketch on one device into feature rows. */
export interface FeatureExtractor {
  /** Writes one row to `out` from `offset`; `values` holds NaN where undecided. Allocates nothing. */
  extract(values: Float64Array, out: Float32Array, offset: number): void;
}

export function createExtractor(sketch: Sketch, device: DeviceDescription): FeatureExtractor {
  const numbers = deviceNumbers(device);
  const row = new Float64Array(quantityCount);
  const plans = sketch.plans.slice(0, planSlots);
  const rules = plans.map((plan) => ruleNames.indexOf(plan.rule));
  const writers = plans.map((plan) => families.map((family) => family.writer(plan, numbers)));
  const count = sketch.decisions.length;
  return {
    extract(values, out, offset) {
      let made = 0;
      for (let i = 0; i < count; i++) if (!Number.isNaN(values[i] as number)) made++;
      out[offset] = sketch.plans.length;
      out[offset + 1] = count === 0 ? 1 : made / count;
      for (let slot = 0; slot < planSlots; slot++) {
        const base = offset + slotOffset(slot);
        const plan = plans[slot];
        if (plan === undefined) {
          out.fill(Number.NaN, base, base + perPlan);
          continue;
        }
        const first = sketch.firsts[slot] as number;
        plan.quantities(values, first, row, 0);
        out[base] = rules[slot] as number;
        const write = writers[slot] as WriteFeatures[];
        for (let family = 0; family < write.length; family++)
          (write[family] as WriteFeatures)(row, values, first, out, base + 1 + (offsets[family] as number));
      }
    },
  };
}
