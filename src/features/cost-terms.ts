import { estimateAt as at, type KernelEstimate } from '../space/kernel-estimate.ts';
import type { CacheTraffic } from './cache-traffic.ts';
import { type DeviceNumbers, waveUse } from './device-numbers.ts';

/**
 * The demands of a kernel on a device that its time is made of, each a count that some cost multiplies. Work of invocations counts by whole
 * groups of lanes, idle lanes included.
 */
export const costTermNames = [
  'arithmetic',
  'scattered loads',
  'contiguous loads',
  'contiguous load instructions',
  'uniform loads',
  'stores',
  'loads from workgroup memory',
  'stores to workgroup memory',
  'barriers of lane groups',
  'barriers of workgroups',
  'iterations of lane groups',
  'results of lane groups',
  'lane groups',
  'workgroups',
  'zero fill',
  'bytes past the first cache',
  'bytes past the second cache',
  'values from other lanes',
  'kernels',
] as const;
export type CostTermName = (typeof costTermNames)[number];

/** The numbers of a device type that scale the terms of a kernel. */
interface Machine {
  /** Invocations that run in step, and invocations that keep the device busy. */
  readonly lanes: number;
  readonly busy: number;
  /** Registers an invocation may hold before they spill or crowd others out. */
  readonly registers: number;
}

const machines: Readonly<Record<'cpu' | 'gpu', Machine>> = {
  cpu: { lanes: 8, busy: 16, registers: 192 },
  gpu: { lanes: 32, busy: 65_536, registers: 128 },
};

/** Terms of one kernel; the last of all terms, the number of kernels, is not among them. */
export const kernelTerms = costTermNames.length - 1;

/** Writes the terms of one kernel to `counts`, in the order of their names. What a prefix leaves open counts as if it cost nothing. */
export function writeCostTerms(
  estimate: KernelEstimate,
  { pastFirst, pastSecond }: CacheTraffic,
  device: DeviceNumbers,
  counts: Float64Array,
): void {
  const flops = known(estimate[at.flops], 0);
  if (flops === 0) {
    counts.fill(0);
    return;
  }
  const { lanes, busy, registers: held } = device.isCpu ? machines.cpu : machines.gpu;
  const workgroups = known(estimate[at.workgroups], 1);
  const invocations = known(estimate[at.invocations], lanes);
  const groupsOfLanes = Math.ceil(invocations / lanes);
  const laneGroups = workgroups * groupsOfLanes;
  const inFlight = Math.min(1, (workgroups * invocations) / busy);
  const waves = known(waveUse(estimate[at.workgroups] as number, device), 1);
  const scale = Math.max(1, known(estimate[at.registers], 0) / held) / (inFlight * Math.max(0.05, waves));
  // Lanes without an invocation take as long as lanes with one.
  const each = (scale * groupsOfLanes * lanes) / invocations;
  const uniform = elements(estimate[at.storageUniformBytes]);
  const contiguous = elements(estimate[at.storageContiguousBytes]);
  const scattered = Math.max(0, elements(estimate[at.storageReadBytes]) - uniform - contiguous);
  const barriers = known(estimate[at.barriers], 0);
  const useful = Math.max(1e-3, known(estimate[at.useful], 1));
  counts[0] = (each * flops) / useful / 2;
  counts[1] = each * scattered;
  counts[2] = each * contiguous;
  counts[3] = (each * contiguous) / known(estimate[at.vector], 1);
  counts[4] = each * uniform;
  counts[5] = scale * elements(estimate[at.storageWriteBytes]);
  counts[6] = each * elements(estimate[at.workgroupReadBytes]);
  counts[7] = each * elements(estimate[at.workgroupWriteBytes]);
  counts[8] = scale * laneGroups * barriers;
  counts[9] = scale * workgroups * barriers;
  counts[10] = scale * laneGroups * known(estimate[at.iterations], 0);
  counts[11] = scale * laneGroups * known(estimate[at.outputs], 0);
  counts[12] = scale * laneGroups;
  counts[13] = scale * workgroups;
  counts[14] = scale * workgroups * known(estimate[at.workgroupBytes], 0);
  counts[15] = scale * known(pastFirst, 0);
  counts[16] = scale * known(pastSecond, 0);
  counts[17] = each * elements(estimate[at.exchangedBytes]);
}

function known(value: number | undefined, missing: number): number {
  return value === undefined || Number.isNaN(value) ? missing : value;
}

/** Numbers of four bytes. */
function elements(bytes: number | undefined): number {
  return known(bytes, 0) / 4;
}
