import type { DeviceDescription } from '../ir/limits.ts';
import { type QuantityName, quantity, quantityNames } from '../space/quantities.ts';

/** One column of the feature matrix: a named number with a unit. NaN where it depends on an undecided decision. */
export interface FeatureDefinition {
  readonly name: string;
  readonly unit: string;
  /** `q` holds a plan's quantities from `at` on. */
  readonly of: (q: Float64Array, at: number, device: DeviceNumbers) => number;
}

/** What features need of a device. */
export interface DeviceNumbers {
  readonly isCpu: boolean;
  readonly maxInvocations: number;
  readonly workgroupStorage: number;
  /** Workgroups that run at once: cores of a CPU device; a GPU does not tell, so its multiprocessors are guessed at 64. */
  readonly parallelWorkgroups: number;
}

const guessedMultiprocessors = 64;

export function deviceNumbers(device: DeviceDescription): DeviceNumbers {
  const threads = Number(device.environment.LP_NUM_THREADS ?? device.environment.cores ?? '0');
  return {
    isCpu: device.type === 'cpu',
    maxInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
    workgroupStorage: device.limits.maxComputeWorkgroupStorageSize,
    parallelWorkgroups: device.type === 'cpu' ? Math.max(1, threads || 2) : guessedMultiprocessors,
  };
}

/** Counts and bytes span many orders of magnitude; their logarithm makes ratios differences. */
const logarithmic = new Set<QuantityName>([
  'workgroups',
  'invocations',
  'lanesX',
  'lanesY',
  'outputs',
  'vector',
  'steps',
  'depth',
  'statements',
  'workgroupBytes',
  'registers',
  'barriers',
  'flops',
  'iterations',
  'storageReadBytes',
  'storageUniformBytes',
  'storageContiguousBytes',
  'storageUniqueBytes',
  'storageWriteBytes',
  'workgroupReadBytes',
  'workgroupWriteBytes',
  'reusedBytes',
  'together',
  'registersX',
  'registersY',
]);
/** What pruning needs but speed does not follow from directly. */
const omitted = new Set<QuantityName>(['dispatchX', 'dispatchY', 'dispatchZ']);

const plain: FeatureDefinition[] = quantityNames
  .filter((name) => !omitted.has(name))
  .map((name) => {
    const index = quantity[name];
    return logarithmic.has(name)
      ? { name: `log2(1+${name})`, unit: 'log2', of: (q, at) => Math.log2(1 + (q[at + index] as number)) }
      : { name, unit: 'fraction or count', of: (q, at) => q[at + index] as number };
  });

const at = (q: Float64Array, offset: number, name: QuantityName): number => q[offset + quantity[name]] as number;

const derived: FeatureDefinition[] = [
  {
    name: 'log2 flops per storage byte',
    unit: 'log2(flop/byte)',
    of: (q, o) => Math.log2((1 + at(q, o, 'flops')) / (1 + at(q, o, 'storageReadBytes'))),
  },
  {
    name: 'log2 flops per workgroup byte',
    unit: 'log2(flop/byte)',
    of: (q, o) => Math.log2((1 + at(q, o, 'flops')) / (1 + at(q, o, 'workgroupReadBytes'))),
  },
  {
    name: 'log2 outputs per fragment register',
    unit: 'log2',
    of: (q, o) => Math.log2(at(q, o, 'outputs') / Math.max(1, at(q, o, 'registers') - at(q, o, 'outputs'))),
  },
  {
    name: 'log2 flops per invocation',
    unit: 'log2(flop)',
    of: (q, o) => Math.log2(1 + at(q, o, 'flops') / (at(q, o, 'workgroups') * at(q, o, 'invocations'))),
  },
  {
    name: 'log2 invocations in the grid',
    unit: 'log2',
    of: (q, o) => Math.log2(at(q, o, 'workgroups') * at(q, o, 'invocations')),
  },
  {
    name: 'wave use',
    unit: 'fraction of the last wave of workgroups that is filled, over all waves',
    of: (q, o, device) => {
      const groups = at(q, o, 'workgroups');
      return groups / (Math.ceil(groups / device.parallelWorkgroups) * device.parallelWorkgroups);
    },
  },
  {
    name: 'lane use',
    unit: 'fraction of 32-wide lanes filled along the workgroup',
    of: (q, o) => {
      const count = at(q, o, 'invocations');
      return count / (Math.ceil(count / 32) * 32);
    },
  },
  {
    name: 'uniform share',
    unit: 'fraction of the storage bytes read',
    of: (q, o) => at(q, o, 'storageUniformBytes') / (1 + at(q, o, 'storageReadBytes')),
  },
  {
    name: 'contiguous share',
    unit: 'fraction of the storage bytes read',
    of: (q, o) => at(q, o, 'storageContiguousBytes') / (1 + at(q, o, 'storageReadBytes')),
  },
  {
    name: 'workgroup memory use',
    unit: 'fraction of the limit',
    of: (q, o, device) => at(q, o, 'workgroupBytes') / device.workgroupStorage,
  },
  {
    name: 'statements per iteration',
    unit: 'log2',
    of: (q, o) => Math.log2(1 + at(q, o, 'statements') / (1 + at(q, o, 'iterations'))),
  },
];

/** The columns of one kernel, in order. */
export const planFeatures: readonly FeatureDefinition[] = [...plain, ...derived];
