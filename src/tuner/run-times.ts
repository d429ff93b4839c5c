import { isVerified, type TuningRecord } from '../records/record.ts';
import { inRun, type ReferenceTimes, type RelativeTime, timeOf, unitNs } from '../records/relative-time.ts';

/**
 * The times of one run in one unit. What the references take when the machine is quiet may be known better at the end of a run than at its beginning;
 * the search must not take that for kernels that became faster.
 */
export interface RunTimes {
  /** Time of a verified record in this run's nanoseconds, null for another: of this run, or of an earlier one with references. */
  of(record: TuningRecord): number | null;
  /** The same with its interval; the spread of its samples is not known where no reference ran beside them. */
  intervalOf(record: TuningRecord & { readonly medianNs: number }): Pick<RelativeTime, 'timeNs' | 'lowNs' | 'highNs'>;
  /** A time of this run in nanoseconds as the runner knows the quiet machine now. */
  asMeasuredNow(timeNs: number | null): number | null;
}

/** `known`: what earlier runs on the device found, null where there is none. */
export function createRunTimes(known: ReferenceTimes | null): RunTimes {
  let first = known;
  let latest = known;
  const relativeOf = ({ relative }: TuningRecord): RelativeTime | null => {
    if (relative === null) return null;
    first ??= relative.quietNs;
    return inRun(relative, first);
  };
  return {
    of: (record) => {
      if (!isVerified(record)) return null;
      if (record.relative !== null) latest = record.relative.quietNs;
      return relativeOf(record)?.timeNs ?? timeOf(record);
    },
    intervalOf: (record) => {
      const { medianNs } = record;
      return relativeOf(record) ?? { timeNs: medianNs, lowNs: medianNs, highNs: medianNs };
    },
    asMeasuredNow: (timeNs) =>
      timeNs === null || first === null || latest === null ? timeNs : (timeNs * unitNs(latest)) / unitNs(first),
  };
}
