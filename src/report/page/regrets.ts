import { describeWorkload } from '../../operators/workload.ts';
import type { CellStats } from '../../records/log-stats.ts';
import { isVerified, type TuningRecord } from '../../records/record.ts';
import { timeOf } from '../../records/relative-time.ts';
import { scheduleKey } from '../../records/schedule-key.ts';
import type { Skim } from '../../records/skim.ts';
import type { Standing } from '../../records/standing.ts';
import type { Regret } from './report-data.ts';

/** Finds out what the best schedule of a device takes on others, for workloads that were tuned on several. */
interface Regrets {
  wants(skim: Skim): boolean;
  add(record: TuningRecord, skim: Pick<Skim, 'workloadKey' | 'deviceKey'>): void;
  result(): readonly Regret[];
}

/** A schedule's fastest time on one device. */
type Times = Map<string, number>;

export function createRegrets(cells: readonly CellStats[], standing: Standing): Regrets {
  const devices = new Map<string, CellStats[]>();
  for (const cell of cells) devices.set(cell.workloadKey, [...(devices.get(cell.workloadKey) ?? []), cell]);
  const times = new Map<string, Times>();
  const nameOf = ({ workloadKey, deviceKey }: Pick<Skim, 'workloadKey' | 'deviceKey'>): string =>
    `${workloadKey} ${deviceKey}`;
  return {
    wants: (skim) => skim.verified && (devices.get(skim.workloadKey)?.length ?? 0) > 1,
    add: (record, skim) => {
      if (!isVerified(record) || standing.against(record) !== null) return;
      const own = times.get(nameOf(skim)) ?? new Map<string, number>();
      times.set(nameOf(skim), own);
      const key = scheduleKey(record.trace);
      own.set(key, Math.min(own.get(key) ?? Number.POSITIVE_INFINITY, timeOf(record)));
    },
    result: () =>
      [...devices.values()]
        .filter((group) => group.length > 1)
        .flatMap((group) =>
          group.flatMap((from) => {
            const best = fastestOf(times.get(nameOf(from)));
            if (best === null) return [];
            return group.flatMap((to): Regret[] => {
              const there = times.get(nameOf(to));
              const [timeNs, bestThere] = [there?.get(best.key), fastestOf(there)];
              if (to === from || timeNs === undefined || bestThere === null) return [];
              const workload = describeWorkload(from.workload);
              return [{ workload, from: from.device.name, to: to.device.name, timeNs, bestNs: bestThere.timeNs }];
            });
          }),
        ),
  };
}

function fastestOf(times: Times | undefined): { readonly key: string; readonly timeNs: number } | null {
  let best: { readonly key: string; readonly timeNs: number } | null = null;
  for (const [key, timeNs] of times ?? []) if (best === null || timeNs < best.timeNs) best = { key, timeNs };
  return best;
}
