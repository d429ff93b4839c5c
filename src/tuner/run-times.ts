import { isVerified, type TuningRecord } from '../records/record.ts';
import { inRun, type ReferenceTimes, type RelativeTime, timeOf, unitNs } from '../records/relative-time.ts';

/**
 * The times of one run in one unit. The references' times on the quiet machine may be known better at the end of a run than at its beginning; the
 * search must not mistake that for kernels that became faster.
 */
export interface RunTimes {
  /** Time in this run's nanoseconds of a verified record, of this run or of an earlier one with references; null for an unverified one. */
  of(record: TuningRecord): number | null;
  /** The same with its interval, which is the time alone where no references ran beside the samples. */
  intervalOf(record: TuningRecord & { readonly medianNs: number }): Pick<RelativeTime, 'timeNs' | 'lowNs' | 'highNs'>;
  /** Converts a time of this run to nanoseconds of the quiet machine as the runner knows it now. */
  asMeasuredNow(timeNs: number | null): number | null;
}

/** `known`: the quiet times that earlier runs on the device found; null where there are none. */
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
