import { geometricMean, median } from '../../src/measure/sampling/statistics.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import type { Trace } from '../../src/schedule/trace.ts';

/** A race of some kernels of a workload; every race of it has the anchor, by which the times of several races compare. */
export interface TimedRace {
  /** Title of the workload. */
  readonly workload: string;
  readonly day: string;
  /** Key of the schedule that is in all races of the workload. */
  readonly anchor: string;
  /** Nanoseconds by the schedule's key. */
  readonly times: Readonly<Record<string, number>>;
}

/** Times of a workload's kernels in units of the anchor's, by key: the median of the races that a kernel took part in. */
export function relativeTimes(races: readonly TimedRace[]): ReadonlyMap<string, number> {
  const ratios = new Map<string, number[]>();
  for (const { anchor, times } of races) {
    const unit = times[anchor];
    if (unit === undefined) continue;
    for (const [key, time] of Object.entries(times)) ratios.set(key, [...(ratios.get(key) ?? []), time / unit]);
  }
  return new Map([...ratios].map(([key, all]) => [key, median(all) as number]));
}

/** What a kernel reaches of the best known: the least time of all raced kernels over its own; null where it was not raced, 0 where there is none. */
export function fractionOf(winner: Trace | null, times: ReadonlyMap<string, number>): number | null {
  if (winner === null) return 0;
  const own = times.get(scheduleKey(winner));
  return own === undefined ? null : Math.min(...times.values()) / own;
}

/** What all seeds of a strategy reach on one workload with one budget. */
export interface Reached {
  readonly workload: string;
  readonly strategy: string;
  readonly unit: 'trials' | 's';
  readonly budget: number;
  /** One per seed that has come so far. */
  readonly fractions: readonly number[];
}

/** A strategy over all workloads at one budget. */
export interface Overall {
  readonly strategy: string;
  readonly unit: Reached['unit'];
  readonly budget: number;
  readonly runs: number;
  /** Over workloads and seeds. */
  readonly median: number | null;
  /** The worst seed of any workload. */
  readonly worst: number | null;
  /**
   * How many times faster than the best baseline's its kernels are: per workload the ratio of the medians over seeds, of these the geometric mean and
   * the least. Null where no baseline was run.
   */
  readonly faster: { readonly mean: number; readonly least: number } | null;
}

/** `baselines`: strategies against which all others are held. */
export function overallOf(reached: readonly Reached[], baselines: ReadonlySet<string>): readonly Overall[] {
  const groups = new Map<string, Reached[]>();
  for (const one of reached) {
    const key = `${one.strategy} ${one.unit} ${one.budget}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((own) => {
    const { strategy, unit, budget } = own[0] as Reached;
    const all = own.flatMap(({ fractions }) => fractions);
    const ratios = own.flatMap(({ workload, fractions }) => {
      const rivals = reached.filter(
        (one) => one.workload === workload && one.unit === unit && one.budget === budget && baselines.has(one.strategy),
      );
      const best = Math.max(...rivals.flatMap((rival) => median(rival.fractions) ?? []));
      const middle = median(fractions);
      return middle === null || baselines.has(strategy) || !(best > 0) ? [] : [middle / best];
    });
    return {
      ...{ strategy, unit, budget, runs: all.length, median: median(all) },
      worst: all.length === 0 ? null : Math.min(...all),
      faster: ratios.length === 0 ? null : { mean: geometricMean(ratios), least: Math.min(...ratios) },
    };
  });
}
