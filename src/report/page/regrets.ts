import { describeWorkload } from '../../operators/workload.ts';
import type { LogFault } from '../../records/log-fault.ts';
import { timeOf } from '../../records/relative-time.ts';
import { cellOf, type Skim, scheduleText, wholeRecord } from '../../records/skim.ts';
import type { Standing } from '../../records/standing.ts';
import { createTopTable, type TopEntry } from '../../records/top-table.ts';
import type { Regret } from './report-data.ts';

/**
 * Finds out what the best schedule of a device takes on others, for workloads that were tuned on several. The logs are read twice: the first time
 * finds the best of each device, the second time the same schedules on the others.
 */
interface Regrets {
  /** Takes a record in at the first reading; a fault says that it was no record after all. */
  see(skim: Skim, file: string, line: number): LogFault | null;
  /** Workloads on devices of which the second reading must see every record. */
  cells(): readonly string[];
  /** Takes a record in at the second reading. */
  compare(skim: Skim): void;
  result(): readonly Regret[];
}

type Best = TopEntry<string>;

export function createRegrets(standing: Standing): Regrets {
  const table = createTopTable(1, ({ trace }) => JSON.stringify(trace), standing);
  /** The bests of a workload's devices, where it has several. */
  let groups: ReadonlyMap<string, readonly Best[]> | null = null;
  const bests = (): ReadonlyMap<string, readonly Best[]> => {
    groups ??= severalOf(
      table.entries().flatMap(([best]) => (best === undefined || best.doubt !== null ? [] : [best])),
    );
    return groups;
  };
  /** Fastest times of other devices' bests, by the best's workload and device, and then by the device. */
  const times = new Map<string, Map<string, number>>();
  return {
    see: (skim, file, line) => table.add(skim, file, line),
    cells: () => [...bests().values()].flat().map(cellOf),
    compare: (skim) => {
      const group = skim.verified ? bests().get(skim.workloadKey) : undefined;
      if (group === undefined) return;
      const text = scheduleText(skim);
      const same = group.filter((best) => best.deviceKey !== skim.deviceKey && best.held === text);
      if (same.length === 0) return;
      const record = wholeRecord(skim);
      if ('severity' in record || standing.against(record) !== null) return;
      const timeNs = timeOf(record) as number;
      for (const best of same) {
        const there = times.get(cellOf(best)) ?? new Map<string, number>();
        times.set(cellOf(best), there.set(skim.deviceKey, Math.min(there.get(skim.deviceKey) ?? timeNs, timeNs)));
      }
    },
    result: () =>
      [...bests().values()].flatMap((group) =>
        group.flatMap((from) =>
          group.flatMap((to): Regret[] => {
            const timeNs = times.get(cellOf(from))?.get(to.deviceKey);
            if (timeNs === undefined) return [];
            const workload = describeWorkload(from.workload);
            // Outside the race that chose the best there, another may have had a shorter time.
            const bestNs = Math.min(timeNs, timeOf(to));
            return [{ workload, from: from.device.name, to: to.device.name, timeNs, bestNs }];
          }),
        ),
      ),
  };
}

function severalOf(bests: readonly Best[]): ReadonlyMap<string, readonly Best[]> {
  const groups = new Map<string, Best[]>();
  for (const best of bests) groups.set(best.workloadKey, [...(groups.get(best.workloadKey) ?? []), best]);
  return new Map([...groups].filter(([, group]) => group.length > 1));
}
