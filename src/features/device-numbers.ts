import type { DeviceDescription } from '../ir/limits.ts';

/**
 * What features need to know of a device. WebGPU tells a few limits and a name; the rest is what machines of that kind usually have, so these
 * numbers only ever divide or bound numbers that follow from decisions: within one device a wrong guess moves a scale and hides nothing.
 */
export interface DeviceNumbers {
  readonly isCpu: boolean;
  readonly maxInvocations: number;
  readonly workgroupStorage: number;
  /** Cores of a CPU device, multiprocessors of a GPU: what runs workgroups side by side. */
  readonly parallelWorkgroups: number;
  /** Invocations that run in step. */
  readonly lanes: number;
  /** Bytes that memory moves at once. */
  readonly lineBytes: number;
  /** What a core's first cache, and the cache behind it, hold. */
  readonly firstCacheBytes: number;
  readonly secondCacheBytes: number;
  /** What a core shares out among its workgroups. */
  readonly registersPerCore: number;
  readonly workgroupBytesPerCore: number;
  readonly invocationsPerCore: number;
  readonly workgroupsPerCore: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

type Parts = Omit<DeviceNumbers, 'isCpu' | 'maxInvocations' | 'workgroupStorage'>;

/** A multiprocessor as most GPUs of the last ten years have it. */
const usual: Parts = {
  parallelWorkgroups: 64,
  lanes: 32,
  lineBytes: 64,
  firstCacheBytes: 32 * KiB,
  secondCacheBytes: 4 * MiB,
  registersPerCore: 65_536,
  workgroupBytesPerCore: 64 * KiB,
  invocationsPerCore: 1024,
  workgroupsPerCore: 16,
};

/** Where a vendor's machines differ from that in a way its programming guides state. */
const vendors: Readonly<Record<string, Partial<Parts>>> = {
  nvidia: {
    lineBytes: 32,
    firstCacheBytes: 128 * KiB,
    secondCacheBytes: 6 * MiB,
    workgroupBytesPerCore: 100 * KiB,
    invocationsPerCore: 2048,
    workgroupsPerCore: 32,
  },
  apple: { parallelWorkgroups: 16, firstCacheBytes: 8 * KiB, workgroupBytesPerCore: 32 * KiB },
  intel: { parallelWorkgroups: 24, lanes: 16, firstCacheBytes: 64 * KiB },
};

/** Architectures as adapters name them, where they differ from their vendor's. */
const architectures: Readonly<Record<string, Partial<Parts>>> = {
  ampere: { parallelWorkgroups: 84 },
  lovelace: { parallelWorkgroups: 76, secondCacheBytes: 48 * MiB },
  hopper: {
    parallelWorkgroups: 132,
    firstCacheBytes: 228 * KiB,
    secondCacheBytes: 50 * MiB,
    workgroupBytesPerCore: 200 * KiB,
  },
};

/** SwiftShader's vectors have 128 bits; lavapipe's as many as the processor, 256 where nothing else is said. */
function cpuParts({ architecture, environment }: DeviceDescription): Parts {
  const threads = Number(environment.LP_NUM_THREADS ?? environment.cores ?? '0');
  const bits = Number(environment.LP_NATIVE_VECTOR_WIDTH ?? '0') || (architecture === 'swiftshader' ? 128 : 256);
  const lanes = Math.max(1, bits / 32);
  const registersPerInvocation = bits > 256 ? 32 : 16;
  return {
    parallelWorkgroups: Math.max(1, threads || 2),
    lanes,
    lineBytes: 64,
    firstCacheBytes: 32 * KiB,
    secondCacheBytes: MiB,
    registersPerCore: registersPerInvocation * lanes,
    workgroupBytesPerCore: Number.POSITIVE_INFINITY,
    invocationsPerCore: lanes,
    // A thread takes one workgroup after the other.
    workgroupsPerCore: 1,
  };
}

export function deviceNumbers(device: DeviceDescription): DeviceNumbers {
  const parts =
    device.type === 'cpu'
      ? cpuParts(device)
      : { ...usual, ...vendors[device.vendor], ...architectures[device.architecture] };
  return {
    isCpu: device.type === 'cpu',
    maxInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
    workgroupStorage: device.limits.maxComputeWorkgroupStorageSize,
    ...parts,
  };
}

/** Workgroups of a kernel that one core holds at a time, by its invocations, registers and workgroup memory; at least 1. NaN-transparent. */
export function residentWorkgroups(
  invocations: number,
  registers: number,
  workgroupBytes: number,
  device: DeviceNumbers,
): number {
  const byRegisters = device.registersPerCore / ((registers + addressRegisters) * invocations);
  const byInvocations = device.invocationsPerCore / invocations;
  // Without workgroup memory this division gives infinity, which limits nothing.
  const byMemory = device.workgroupBytesPerCore / workgroupBytes;
  return Math.max(1, Math.floor(Math.min(byRegisters, byInvocations, byMemory, device.workgroupsPerCore)));
}

/** Fraction of the device's places for workgroups that are filled, over all waves. NaN-transparent. */
export function waveUse(workgroups: number, { parallelWorkgroups: places }: DeviceNumbers): number {
  return workgroups / (Math.ceil(workgroups / places) * places);
}

/** Registers for indices and addresses, which no schedule names. */
const addressRegisters = 16;
