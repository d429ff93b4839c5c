import { readdirSync, readFileSync } from 'node:fs';
import type { DeviceDescription } from '../ir/limits.ts';

/**
 * Whether kernels find their data in the device's caches is a condition of timing, like the threads of a CPU device, and is recorded in the
 * same place: times with cold caches and with warm ones are never compared, and each is the other's nearest relative.
 */
const condition = { CACHES: 'cold' } as const;

export function withColdCaches(description: DeviceDescription): DeviceDescription {
  return { ...description, environment: { ...description.environment, ...condition } };
}

export function hasColdCaches({ environment }: Pick<DeviceDescription, 'environment'>): boolean {
  return environment.CACHES === condition.CACHES;
}

/** Assumed size of the last-level cache where it is not known: more than most devices have. WebGPU tells nothing of a GPU's. */
const assumedBytes = { cpu: 64 << 20, gpu: 128 << 20 } as const;

/** Bytes of the largest cache between the device's cores and its memory; a guess on the large side where it is not told. */
export function lastLevelCacheBytes(
  type: DeviceDescription['type'],
  folder = '/sys/devices/system/cpu/cpu0/cache',
): number {
  if (type === 'gpu') return assumedBytes.gpu;
  try {
    const sizes = readdirSync(folder)
      .filter((name) => name.startsWith('index'))
      .map((name) => bytesOf(readFileSync(`${folder}/${name}/size`, 'utf8')));
    const largest = Math.max(0, ...sizes);
    return largest > 0 ? largest : assumedBytes.cpu;
  } catch {
    return assumedBytes.cpu;
  }
}

/** `49152K`, as Linux writes it. */
function bytesOf(text: string): number {
  const [, digits = '0', unit = ''] = /^(\d+)([KMG]?)/.exec(text.trim()) ?? [];
  return Number(digits) * 1024 ** ['', 'K', 'M', 'G'].indexOf(unit);
}
