import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import type { TunedKernel, TuneResult } from './events.ts';
import type { Reuse } from './retarget.ts';

export function reuseResult({ devices, unfit }: Reuse, reused: readonly TuningRecord[]): TuneResult['reuse'] {
  if (reused.length === 0) return null;
  const times = reused.flatMap((record) => (isVerified(record) ? timeOf(record) : []));
  return { devices, unfit, measured: reused.length, bestNs: times.length === 0 ? null : Math.min(...times) };
}

/** `timeNs`: its time by what the run knows at its end of the quiet machine. */
export function tunedKernel(record: VerifiedRecord, timeNs: number = timeOf(record)): TunedKernel {
  return {
    trace: record.trace,
    sketch: record.sketch,
    decisions: record.decisions,
    timeNs,
    record: record.id,
  };
}

/** Milliseconds that a run will still take, by the mean of its trials so far. */
export function remainingMs(
  elapsedMs: number,
  trials: number,
  { trials: all, timeLimitMs }: { readonly trials: number; readonly timeLimitMs: number | null },
): number {
  const byTrials = (elapsedMs / trials) * (all - trials);
  return timeLimitMs === null ? byTrials : Math.max(0, Math.min(byTrials, timeLimitMs - elapsedMs));
}

export const wallClockNote =
  'this device has no usable clock of its own: times are from submission to result by the wall, over samples four times as long';

/** What ends a run now; null where it goes on. `withoutGain`: trials since the last new best. */
export function reasonToStop(
  budget: {
    readonly signal: AbortSignal | undefined;
    readonly timeLimitMs: number | null;
    readonly trials: number;
    readonly patience: number | null;
  },
  spent: { readonly elapsedMs: number; readonly trials: number; readonly withoutGain: number },
): TuneResult['stoppedBy'] | null {
  if (budget.signal?.aborted) return 'interrupted';
  if (budget.timeLimitMs !== null && spent.elapsedMs >= budget.timeLimitMs) return 'time';
  if (spent.trials >= budget.trials) return 'trials';
  return budget.patience !== null && spent.withoutGain >= budget.patience ? 'patience' : null;
}
