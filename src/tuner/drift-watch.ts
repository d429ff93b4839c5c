import { type Drift, driftBetween } from '../measure/sampling/drift.ts';
import { isVerified, type TuningRecord } from '../records/record.ts';

/** What measuring the fastest kernel and the naive schedule again told about the machine. */
export interface DriftSummary {
  /** Measurements that could be compared with an earlier one of the same kernel. */
  readonly remeasured: number;
  /** How many of them moved by more than the confidence intervals explain. */
  readonly drifted: number;
  /** The largest move, later time over earlier; null when nothing was compared. */
  readonly worst: number | null;
}

/** The fastest kernel is measured again after this many trials, a sixteenth of a run; counted by trials, not time, so that runs are repeatable. */
const remeasureEvery = 16;

/** Compares measurements of one kernel at different times of a run: the machine itself may become slower or faster meanwhile. */
interface DriftWatch {
  /** Whether the fastest kernel should be measured again now. */
  isDue(trials: number): boolean;
  /** Takes a later measurement of the kernel of an earlier record; null where they cannot be compared. */
  see(earlier: TuningRecord, later: TuningRecord): Drift | null;
  summary(): DriftSummary;
}

export function createDriftWatch(): DriftWatch {
  let last = 0;
  let remeasured = 0;
  let drifted = 0;
  let worst: number | null = null;
  return {
    isDue: (trials) => {
      if (trials - last < remeasureEvery) return false;
      last = trials;
      return true;
    },
    see: (earlier, later) => {
      if (!isVerified(earlier) || !isVerified(later)) return null;
      const drift = driftBetween(earlier, later);
      if (drift === null) return null;
      remeasured++;
      if (drift.beyondIntervals) drifted++;
      if (worst === null || size(drift.ratio) > size(worst)) worst = drift.ratio;
      return drift;
    },
    summary: () => ({ remeasured, drifted, worst }),
  };
}

function size(ratio: number): number {
  return Math.max(ratio, 1 / ratio);
}
