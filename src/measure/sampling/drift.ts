import type { RelativeTime } from '../../records/relative-time.ts';
import { lesser } from './pace.ts';
import { median, medianInterval } from './statistics.ts';
import { type TimedBeside, timeUnder } from './under-quiet.ts';

/** How far the times of one kernel moved between two measurements. */
export interface Drift {
  /** Later median over the earlier one. */
  readonly ratio: number;
  /** Whether the move is larger than the confidence intervals of the medians explain. */
  readonly beyondIntervals: boolean;
}

/** A smaller move matters to no decision, and intervals of very steady samples are narrower than this. */
const negligible = 0.05;

/**
 * Drift between two measurements of one kernel: by their times on the quiet machine where references ran beside both, otherwise by their samples
 * as they are. Null where either has too few samples for an interval.
 */
export function driftBetween(earlier: TimedBeside, later: TimedBeside): Drift | null {
  const quiet =
    earlier.relative === null || later.relative === null
      ? null
      : lesser(earlier.relative.quietNs, later.relative.quietNs);
  const [before, after] = [earlier, later].map((one) =>
    quiet === null ? plainly(one.samplesNs) : timeUnder(one, quiet),
  ) as [Interval | null, Interval | null];
  if (before === null || after === null) return null;
  const ratio = after.timeNs / before.timeNs;
  const apart = before.highNs < after.lowNs || after.highNs < before.lowNs;
  return { ratio, beyondIntervals: apart && Math.max(ratio, 1 / ratio) > 1 + negligible };
}

type Interval = Pick<RelativeTime, 'timeNs' | 'lowNs' | 'highNs'>;

function plainly(samplesNs: readonly number[]): Interval | null {
  const [timeNs, interval] = [median(samplesNs), medianInterval(samplesNs)];
  return timeNs === null || interval === null ? null : { timeNs, lowNs: interval.low, highNs: interval.high };
}
