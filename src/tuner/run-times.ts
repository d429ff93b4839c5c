import { lesser } from '../measure/sampling/pace.ts';
import { timeUnder } from '../measure/sampling/under-quiet.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import type { ReferenceTimes } from '../records/reference-names.ts';
import { type RelativeTime, timeOf } from '../records/relative-time.ts';

type Interval = Pick<RelativeTime, 'timeNs' | 'lowNs' | 'highNs'>;

/**
 * The times of a run's records, all by what is known of the quiet machine now: a run that begins beside other work finds out later how fast the machine can
 * be, and what it measured before must not seem slow for that.
 */
export interface RunTimes {
  /** Time of a verified record, ns, null for another: of this run, or of an earlier one. */
  of(record: TuningRecord): number | null;
  /** The same with its interval; the spread of its samples is not known where no reference ran beside them. */
  intervalOf(record: VerifiedRecord): Interval;
}

/** `known`: the quiet times that earlier runs on the device found; null where there are none. */
export function createRunTimes(known: ReferenceTimes | null): RunTimes {
  let quiet = known;
  const timeNow = (record: TuningRecord): Interval | null => {
    if (record.relative === null) return null;
    const { quietNs } = record.relative;
    quiet = quiet === null ? quietNs : lesser(quiet, quietNs);
    return timeUnder(record, quiet) ?? record.relative;
  };
  return {
    of: (record) => (isVerified(record) ? (timeNow(record)?.timeNs ?? timeOf(record)) : null),
    intervalOf: (record) => {
      const { medianNs } = record;
      return timeNow(record) ?? { timeNs: medianNs, lowNs: medianNs, highNs: medianNs };
    },
  };
}
