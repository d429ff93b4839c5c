import type { Open } from '../arithmetic/formula.ts';
import { estimateAt as at, type KernelEstimate } from '../space/kernel-estimate.ts';
import type { Tiling } from '../space/tiling.ts';
import { type DeviceNumbers, residentWorkgroups } from './device-numbers.ts';
import { bytesPast, createLocality, type Locality, levelHeld, type Use } from './locality.ts';

/** What the caches of a device are predicted to do for a kernel. Numbers are written anew for every prefix; NaN where undecided. */
export interface CacheTraffic {
  readonly locality: Locality;
  /** The accesses that read. */
  readonly reads: readonly Use[];
  /** Workgroups that one core holds at a time, and that run at a time on all cores. */
  resident: number;
  running: number;
  /** The outermost levels whose working sets the caches hold (see levelHeld). */
  firstHeld: number;
  secondHeld: number;
  /** Bytes of operands that invocations ask storage for, and that go past each cache. */
  asked: number;
  pastFirst: number;
  pastSecond: number;
  readonly update: (estimate: KernelEstimate, values: Float64Array) => void;
}

export function createCacheTraffic(
  tiling: Tiling,
  positionOf: (open: Open) => number,
  device: DeviceNumbers,
): CacheTraffic {
  const locality = createLocality(tiling, positionOf);
  const { workingSet } = locality;
  const reads = locality.uses.filter((use) => use.read >= 0);
  const traffic: CacheTraffic = {
    locality,
    reads,
    resident: 0,
    running: 0,
    firstHeld: 0,
    secondHeld: 0,
    asked: 0,
    pastFirst: 0,
    pastSecond: 0,
    update: (estimate, values) => {
      locality.update(values);
      const resident = residentWorkgroups(
        estimate[at.invocations] as number,
        estimate[at.registers] as number,
        estimate[at.workgroupBytes] as number,
        device,
      );
      const running = Math.min(resident * device.parallelWorkgroups, estimate[at.workgroups] as number);
      const firstHeld = levelHeld(workingSet, device.firstCacheBytes, resident);
      const secondHeld = Math.max(firstHeld, levelHeld(workingSet, device.secondCacheBytes, running));
      let asked = 0;
      let pastFirst = 0;
      let pastSecond = 0;
      for (let u = 0; u < reads.length; u++) {
        const use = reads[u] as Use;
        asked += use.asked;
        pastFirst += bytesPast(use, firstHeld);
        pastSecond += bytesPast(use, secondHeld);
      }
      traffic.resident = resident;
      traffic.running = running;
      traffic.firstHeld = firstHeld;
      traffic.secondHeld = secondHeld;
      traffic.asked = asked;
      traffic.pastFirst = pastFirst;
      traffic.pastSecond = pastSecond;
    },
  };
  return traffic;
}
