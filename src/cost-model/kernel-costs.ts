import { featureNames, kernelSlots } from '../features/extractor.ts';
import { assert } from '../support/errors.ts';

/** One kind of demand on a device, with its cost relative to an arithmetic operation of one invocation. */
interface Term {
  readonly name: string;
  /** Rough on purpose: it ranks until measurements say better. */
  readonly cpu: number;
  readonly gpu: number;
}

/**
 * The terms of a kernel's time. Work of invocations counts by whole groups of lanes, idle lanes included; costs of memory beyond its
 * instructions (zero fill, lines that caches miss) start so small that they say nothing before measurements do.
 */
export const terms: readonly Term[] = [
  { name: 'arithmetic', cpu: 1, gpu: 1 },
  // A software device loads lane by lane unless the address is the same for all.
  { name: 'scattered loads', cpu: 2, gpu: 8 },
  { name: 'contiguous loads', cpu: 1.5, gpu: 6 },
  { name: 'contiguous load instructions', cpu: 0.5, gpu: 2 },
  { name: 'uniform loads', cpu: 1, gpu: 2 },
  { name: 'stores', cpu: 2, gpu: 8 },
  { name: 'loads from workgroup memory', cpu: 2.2, gpu: 1 },
  { name: 'stores to workgroup memory', cpu: 2, gpu: 1 },
  // A software device switches stacks at a barrier.
  { name: 'barriers of lane groups', cpu: 90, gpu: 600 },
  { name: 'barriers of workgroups', cpu: 30, gpu: 30 },
  { name: 'iterations of lane groups', cpu: 24, gpu: 96 },
  { name: 'results of lane groups', cpu: 1, gpu: 4 },
  { name: 'lane groups', cpu: 10, gpu: 10 },
  { name: 'workgroups', cpu: 150, gpu: 200 },
  { name: 'zero fill', cpu: 0.05, gpu: 0.01 },
  { name: 'bytes past the first cache', cpu: 0.05, gpu: 0.1 },
  { name: 'bytes past the second cache', cpu: 0.1, gpu: 0.2 },
  { name: 'values from other lanes', cpu: 0.3, gpu: 1 },
  { name: 'kernels', cpu: 20_000, gpu: 100_000 },
];

/** The numbers of a device type that scale the terms of a kernel. */
interface Machine {
  /** Invocations that run in step, and invocations that keep the device busy. */
  readonly lanes: number;
  readonly busy: number;
  /** Registers an invocation may hold before they spill or crowd others out. */
  readonly registers: number;
}

export const machines: Readonly<Record<'cpu' | 'gpu', Machine>> = {
  cpu: { lanes: 8, busy: 16, registers: 192 },
  gpu: { lanes: 32, busy: 65_536, registers: 128 },
};

const wanted = [
  'log2(1+workgroups)',
  'log2(1+invocations)',
  'log2(1+outputs)',
  'log2(1+vector)',
  'log2(1+flops)',
  'useful',
  'log2(1+storageReadBytes)',
  'log2(1+storageUniformBytes)',
  'log2(1+storageContiguousBytes)',
  'log2(1+storageWriteBytes)',
  'log2(1+workgroupReadBytes)',
  'log2(1+workgroupWriteBytes)',
  'log2(1+workgroupBytes)',
  'log2(1+barriers)',
  'log2(1+iterations)',
  'log2(1+registers)',
  'wave use',
  'log2 bytes past first cache',
  'log2 bytes past second cache',
  'log2(1+exchangedBytes)',
] as const;
type Columns = { readonly [name in (typeof wanted)[number]]: number };

const slots = Array.from({ length: kernelSlots }, (_, slot) => columnsOf(slot));
const kernels = featureNames.indexOf('kernels');

function columnsOf(slot: number): Columns {
  const entries = wanted.map((name) => {
    const index = featureNames.indexOf(`kernel ${slot}: ${name}`);
    assert(index >= 0, () => `the analytic model reads the feature "${name}", which is not there`);
    return [name, index] as const;
  });
  return Object.fromEntries(entries) as Columns;
}

/**
 * Writes the terms of a feature row, all kernels together, to `into` from `at`, in the order of `terms`. Numbers that a prefix leaves open
 * count as if they cost nothing.
 */
export function writeTerms(rows: Float32Array, offset: number, machine: Machine, into: Float64Array, at: number): void {
  into.fill(0, at, at + terms.length);
  for (let slot = 0; slot < slots.length; slot++) addKernel(rows, offset, slots[slot] as Columns, machine, into, at);
  into[at + terms.length - 1] = rows[offset + kernels] as number;
}

/** The terms of one kernel; the last of all terms, the number of kernels, is not among them. */
const counts = new Float64Array(terms.length - 1);

function addKernel(
  rows: Float32Array,
  offset: number,
  column: Columns,
  { lanes, busy, registers: held }: Machine,
  into: Float64Array,
  at: number,
): void {
  const flops = power(rows, offset + column['log2(1+flops)'], 0);
  if (flops === 0) return;
  const workgroups = power(rows, offset + column['log2(1+workgroups)'], 1);
  const invocations = power(rows, offset + column['log2(1+invocations)'], lanes);
  const groupsOfLanes = Math.ceil(invocations / lanes);
  const laneGroups = workgroups * groupsOfLanes;
  const registers = power(rows, offset + column['log2(1+registers)'], 0);
  const waveUse = known(rows[offset + column['wave use']] as number, 1);
  const inFlight = Math.min(1, (workgroups * invocations) / busy);
  const scale = Math.max(1, registers / held) / (inFlight * Math.max(0.05, waveUse));
  // Lanes without an invocation take as long as lanes with one.
  const each = (scale * groupsOfLanes * lanes) / invocations;
  const uniform = elements(rows, offset + column['log2(1+storageUniformBytes)']);
  const contiguous = elements(rows, offset + column['log2(1+storageContiguousBytes)']);
  const scattered = Math.max(0, elements(rows, offset + column['log2(1+storageReadBytes)']) - uniform - contiguous);
  const barriers = power(rows, offset + column['log2(1+barriers)'], 0);
  const useful = Math.max(1e-3, known(rows[offset + column.useful] as number, 1));
  counts[0] = (each * flops) / useful / 2;
  counts[1] = each * scattered;
  counts[2] = each * contiguous;
  counts[3] = (each * contiguous) / power(rows, offset + column['log2(1+vector)'], 1);
  counts[4] = each * uniform;
  counts[5] = scale * elements(rows, offset + column['log2(1+storageWriteBytes)']);
  counts[6] = each * elements(rows, offset + column['log2(1+workgroupReadBytes)']);
  counts[7] = each * elements(rows, offset + column['log2(1+workgroupWriteBytes)']);
  counts[8] = scale * laneGroups * barriers;
  counts[9] = scale * workgroups * barriers;
  counts[10] = scale * laneGroups * power(rows, offset + column['log2(1+iterations)'], 0);
  counts[11] = scale * laneGroups * power(rows, offset + column['log2(1+outputs)'], 0);
  counts[12] = scale * laneGroups;
  counts[13] = scale * workgroups;
  counts[14] = scale * workgroups * power(rows, offset + column['log2(1+workgroupBytes)'], 0);
  counts[15] = scale * power(rows, offset + column['log2 bytes past first cache'], 0);
  counts[16] = scale * power(rows, offset + column['log2 bytes past second cache'], 0);
  counts[17] = each * elements(rows, offset + column['log2(1+exchangedBytes)']);
  for (let term = 0; term < counts.length; term++)
    into[at + term] = (into[at + term] as number) + (counts[term] as number);
}

function known(value: number, missing: number): number {
  return Number.isNaN(value) ? missing : value;
}

/** The count whose logarithm a column holds. */
function power(rows: Float32Array, column: number, missing: number): number {
  const value = rows[column] as number;
  // The exponential is several times faster than the power, and every candidate that is looked at needs it.
  return Number.isNaN(value) ? missing : Math.exp(Math.LN2 * value) - 1;
}

/** Numbers of four bytes that a column of logarithms of bytes counts. */
function elements(rows: Float32Array, column: number): number {
  return power(rows, column, 0) / 4;
}
