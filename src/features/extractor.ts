import type { DeviceDescription } from '../ir/limits.ts';
import { createEstimator } from '../space/estimator.ts';
import { estimateLength } from '../space/kernel-estimate.ts';
import { ruleNames } from '../space/rules.ts';
import { positionsIn, type Sketch } from '../space/sketch.ts';
import { createCacheTraffic } from './cache-traffic.ts';
import { costTermNames, kernelTerms, writeCostTerms } from './cost-terms.ts';
import { deviceNumbers } from './device-numbers.ts';
import { families, kernelFeatures } from './families.ts';
import type { WriteFeatures } from './family.ts';
import { createRecent } from './recent.ts';

/** A sketch's three heaviest kernels have columns of their own; a candidate seldom has more. */
export const kernelSlots = 3;
/** Columns that concern the candidate as a whole. */
export const wholeFeatures = [
  { name: 'kernels', unit: 'count' },
  { name: 'fraction decided', unit: 'fraction of the decisions' },
] as const;
const perKernel = kernelFeatures.length + 1;
/** Where each family's columns begin among a kernel's features. */
const offsets = families.map((_, family) =>
  families.slice(0, family).reduce((sum, { features }) => sum + features.length, 0),
);

/** Column of a kernel's rule; its features follow in the order of kernelFeatures. */
export function slotOffset(slot: number): number {
  return wholeFeatures.length + slot * perKernel;
}

/** Names of all columns, in order; the same for every operator, sketch and device, so that logs of one serve another. */
export const featureNames: readonly string[] = [
  ...wholeFeatures.map(({ name }) => name),
  ...Array.from({ length: kernelSlots }, (_, slot) => [
    `kernel ${slot}: rule`,
    ...kernelFeatures.map((feature) => `kernel ${slot}: ${feature.name}`),
  ]).flat(),
];
export const featureCount = featureNames.length;
/** A row is its features, from which models learn, and then the terms of its cost as they are, all kernels together, for the analytic model. */
export const rowLength = featureCount + costTermNames.length;

/** Turns prefixes of one sketch on one device into rows. */
export interface FeatureExtractor {
  /** Writes one row to `out` from `offset`; `values` holds NaN where undecided. Allocates nothing. */
  extract(values: Float64Array, out: Float32Array, offset: number): void;
}

export function createExtractor(sketch: Sketch, device: DeviceDescription): FeatureExtractor {
  const numbers = deviceNumbers(device);
  const estimated = new Float64Array(estimateLength);
  const positionOf = positionsIn(sketch);
  let begin = 0;
  const kernels = sketch.tilings.slice(0, kernelSlots).map((tiling) => {
    const traffic = createCacheTraffic(tiling, positionOf, numbers);
    const first = begin;
    begin += tiling.decisions.length;
    return {
      rule: (ruleNames as readonly string[]).indexOf(tiling.rule),
      estimate: createEstimator(tiling, positionOf),
      traffic,
      writers: families.map((family) => family.writer(tiling, traffic, numbers)),
      // A kernel's numbers follow from its own decisions, and the completions of a prefix have most kernels in common.
      recent: createRecent(first, begin, kernelFeatures.length, kernelTerms),
    };
  });
  const count = sketch.decisions.length;
  return {
    extract(values, out, offset) {
      let made = 0;
      for (let i = 0; i < count; i++) if (!Number.isNaN(values[i] as number)) made++;
      out[offset] = sketch.tilings.length;
      out[offset + 1] = count === 0 ? 1 : made / count;
      const terms = offset + featureCount;
      out.fill(0, terms, offset + rowLength);
      out[offset + rowLength - 1] = sketch.tilings.length;
      for (let slot = 0; slot < kernelSlots; slot++) {
        const base = offset + slotOffset(slot);
        const kernel = kernels[slot];
        if (kernel === undefined) {
          out.fill(Number.NaN, base, base + perKernel);
          continue;
        }
        const { rule, estimate, traffic, writers, recent } = kernel;
        if (!recent.find(values)) {
          estimate(values, estimated);
          traffic.update(estimated, values);
          writeCostTerms(estimated, traffic, numbers, recent.terms);
          for (let family = 0; family < writers.length; family++)
            (writers[family] as WriteFeatures)(estimated, recent.row, offsets[family] as number);
        }
        out[base] = rule;
        out.set(recent.row, base + 1);
        for (let term = 0; term < kernelTerms; term++)
          out[terms + term] = (out[terms + term] as number) + (recent.terms[term] as number);
      }
    },
  };
}
