import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import type { TunedKernel, TuneEvent, TuneResult } from './events.ts';
import { neighbourName } from './learning/neighbours.ts';
import type { Learning } from './learning/prepare.ts';
import type { Reuse } from './retarget.ts';

export function reuseResult({ devices, unfit }: Reuse, reused: readonly TuningRecord[]): TuneResult['reuse'] {
  if (reused.length === 0) return null;
  const times = reused.flatMap((record) => (isVerified(record) ? timeOf(record) : []));
  return { devices, unfit, measured: reused.length, bestNs: times.length === 0 ? null : Math.min(...times) };
}

/** Weights below this make no difference to any choice. */
const leastWeight = 0.01;
/** A best so near to the one in the end is as good for most uses. */
const nearBest = 0.95;

/** `bestNs`: the best after each trial; none where the best is of an earlier run. */
export function learningResult(
  { sources, weights, neighbours, spentMs }: Omit<Learning, 'strategy'>,
  run: {
    readonly refitted: readonly TuningRecord[];
    readonly bestNs: readonly (number | null)[];
    readonly timeOfRecord: (record: TuningRecord) => number | null;
  },
): TuneResult['learning'] {
  if (sources.length === 0 && run.refitted.length === 0) return null;
  const weighed = weights();
  const times = run.refitted.flatMap((record) => (isVerified(record) ? (run.timeOfRecord(record) ?? []) : []));
  const lastNs = run.bestNs.at(-1) ?? null;
  const nearAt = run.bestNs.findIndex((best) => best !== null && lastNs !== null && best * nearBest <= lastNs);
  return {
    sources: sources.map(({ name, records }, at) => {
      const weight = weighed?.[at] ?? null;
      return { name, records, weight: weight !== null && weight < leastWeight ? 0 : weight };
    }),
    neighbours: neighbours.slice(0, run.refitted.length).map(neighbourName),
    neighboursNs: times.length === 0 ? null : Math.min(...times),
    nearBestAt: nearAt < 0 ? null : nearAt + 1,
    spentMs,
  };
}

/** `timeNs`: its time by what the run knows at its end of the quiet machine. */
export function tunedKernel(record: VerifiedRecord, timeNs: number = timeOf(record)): TunedKernel {
  return {
    trace: record.trace,
    sketch: record.sketch,
    decisions: record.decisions,
    timeNs,
    packNs: packNsOf(record),
    record: record.id,
  };
}

/** Nanoseconds of one run of the kernels that run once; null where there are none. */
function packNsOf({ phasesMs: { pack } }: TuningRecord): number | null {
  return pack === undefined ? null : pack * 1e6;
}

/** `timeOfRecord`: a record's time in the run's unit. */
export function packingResult(
  records: readonly TuningRecord[],
  timeOfRecord: (record: TuningRecord) => number | null,
): TuneResult['packing'] {
  const timed = records.flatMap((record) => {
    const timeNs = record.origin === 'baseline' ? null : timeOfRecord(record);
    const place = record.race?.place ?? Number.POSITIVE_INFINITY;
    return timeNs === null ? [] : [{ timeNs, place, packNs: packNsOf(record) }];
  });
  // The winner of a race is the best, also where another kernel that may be as fast was measured a little faster.
  timed.sort((a, b) => (a.place === b.place ? a.timeNs - b.timeNs : a.place - b.place));
  const packed = timed.find(({ packNs }) => packNs !== null);
  if (packed === undefined) return null;
  const withoutNs = timed.find(({ packNs }) => packNs === null)?.timeNs ?? null;
  return { withNs: packed.timeNs, packNs: packed.packNs as number, withoutNs };
}

type TrialEvent = Extract<TuneEvent, { readonly kind: 'trial' }>;

/** What is told of a trial. */
export function trialEvent(
  { sketch, origin, decisions, outcome, error }: TuningRecord,
  budget: { readonly trials: number; readonly timeLimitMs: number | null },
  state: Pick<TrialEvent, 'trial' | 'timeNs' | 'bestNs' | 'improved' | 'naiveNs' | 'elapsedMs'>,
): TrialEvent {
  return {
    kind: 'trial',
    ...state,
    of: budget.trials,
    ...{ sketch: sketch ?? origin, decisions, outcome, error },
    remainingMs: remainingMs(state.elapsedMs, state.trial, budget),
  };
}

/** Milliseconds that a run will still take, by the mean of its trials so far. */
function remainingMs(
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
