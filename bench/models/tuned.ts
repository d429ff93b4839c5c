import type { Device } from '../../src/device/devices.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import type { ReferenceTimes } from '../../src/records/reference-names.ts';
import { timeOf } from '../../src/records/relative-time.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { loadKnown } from '../../src/tuner/known.ts';
import { tune } from '../../src/tuner/tune.ts';

export interface Tuned {
  readonly trace: Trace;
  /** By the race at the end of the run; null where the naive schedule takes too long to be run. */
  readonly naiveNs: number | null;
  /** From a run's first trial to its last, all runs together. */
  readonly seconds: number;
  readonly quietNs: ReferenceTimes | null;
}

export interface TuneWish {
  readonly workload: Workload;
  readonly device: Device;
  readonly trials: number;
  /** Seconds for what is left of the trials; none when undefined. */
  readonly timeLimit: number | undefined;
  readonly logFolder: string;
  readonly signal: AbortSignal;
}

const seed = 1;

/** Tunes a workload until the folder's logs hold so many trials of it; what earlier runs measured counts. */
export async function tuned({ workload, device, trials, timeLimit, logFolder, signal }: TuneWish): Promise<Tuned> {
  const { description } = device;
  const before = (await loadKnown(logFolder, workload, description)).records.filter(isTrial).length;
  if (before < trials && !(timeLimit !== undefined && before > 0))
    await tune({
      ...{ workload, logFolder, signal, seed, shippedLogs: null, device: description.name, trials: trials - before },
      ...(timeLimit === undefined ? {} : { timeLimit }),
    });
  const { records, naive, quietNs } = await loadKnown(logFolder, workload, description);
  const best = await bestKernelFor(description, { workload, logFolder });
  return {
    trace: best.trace,
    naiveNs: naive === null ? null : timeOf(naive),
    seconds: secondsOf(records),
    quietNs,
  };
}

/** Whether a record is a candidate's first measurement: not of the naive schedule, nor a repetition. */
function isTrial({ origin, race }: TuningRecord): boolean {
  return origin !== 'baseline' && origin !== 'replay' && race === null;
}

export function secondsOf(records: readonly Pick<TuningRecord, 'run' | 'startedAt' | 'durationMs'>[]): number {
  const runs = new Map<string, { begun: number; ended: number }>();
  for (const { run, startedAt, durationMs } of records) {
    const begun = Date.parse(startedAt);
    const known = runs.get(run) ?? { begun, ended: begun };
    runs.set(run, { begun: Math.min(known.begun, begun), ended: Math.max(known.ended, begun + durationMs) });
  }
  return [...runs.values()].reduce((sum, { begun, ended }) => sum + (ended - begun) / 1000, 0);
}
