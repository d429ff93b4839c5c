import { arithmeticFeatures } from './arithmetic-features.ts';
import { estimateFeatures } from './estimate-features.ts';
import type { Family, Feature } from './family.ts';
import { machineFeatures } from './machine-features.ts';
import { memoryFeatures } from './memory-features.ts';

/** What is known of one kernel, in the order of its columns. */
export const families: readonly Family[] = [estimateFeatures, arithmeticFeatures, machineFeatures, memoryFeatures];

/** The columns of one kernel, in order. */
export const kernelFeatures: readonly Feature[] = families.flatMap(({ features }) => features);
