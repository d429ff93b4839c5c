import { median, medianInterval } from './statistics.ts';

/** How far the times of one kernel moved between two measurements. */
export interface Drift {
  /** Later median over the earlier one. */
  readonly ratio: number;
  /** The confidence intervals of the medians do not explain it. */
  readonly beyondIntervals: boolean;
}

/** A smaller move matters to no decision, and intervals of very steady samples are narrower than this. */
const negligible = 0.05;

/** Null where either measurement has too few samples for an interval. */
export function driftBetween(earlier: readonly number[], later: readonly number[]): Drift | null {
  const [before, after] = [medianInterval(earlier), medianInterval(later)];
  const [beforeNs, afterNs] = [median(earlier), median(later)];
  if (before === null || after === null || beforeNs === null || afterNs === null) return null;
  const ratio = afterNs / beforeNs;
  const apart = before.high < after.low || after.high < before.low;
  return { ratio, beyondIntervals: apart && Math.max(ratio, 1 / ratio) > 1 + negligible };
}
