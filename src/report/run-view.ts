import { describeWorkload } from '../operators/workload.ts';
import { createBestKeeper, pickNaive, type Timed } from '../records/faster.ts';
import { isVerified, type TuningRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import { printable } from '../support/printable.ts';
import { formatDuration, formatFactor, formatTime } from './quantities.ts';

/** What a log tells of a run so far, as plain data. */
interface RunState {
  readonly trials: number;
  readonly bestNs: number | null;
  readonly naiveNs: number | null;
  /** Milliseconds from the first trial's begin to the last one's end. */
  readonly elapsedMs: number;
  /** Whether the race at the end of a run is in the log. */
  readonly ended: boolean;
}

/** One record as the view takes it in. */
export interface SeenRecord extends RunState {
  readonly record: TuningRecord;
  readonly improved: boolean;
}

/** Follows one run by its records. */
interface RunView {
  add(record: TuningRecord): SeenRecord;
  state(): RunState;
}

export function createRunView(): RunView {
  const keeper = createBestKeeper<Timed>();
  let naive: (Timed & Pick<TuningRecord, 'origin'>) | null = null;
  let trials = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  let ended = false;
  const state = (): RunState => {
    const best = keeper.best();
    return {
      trials,
      bestNs: best === null ? null : timeOf(best),
      naiveNs: naive === null ? null : timeOf(naive),
      elapsedMs: last === 0 ? 0 : Math.max(0, last - first),
      ended,
    };
  };
  return {
    state,
    add: (record) => {
      const before = keeper.best();
      // The race times kernels that were trials before.
      if (record.race !== null) ended = true;
      else if (record.origin !== 'baseline') trials += 1;
      const begun = Date.parse(record.startedAt);
      first = Math.min(first, begun);
      last = Math.max(last, begun + record.durationMs);
      if (isVerified(record)) {
        if (record.origin === 'baseline') naive = pickNaive(naive, record);
        else keeper.add(record);
      }
      return { ...state(), record, improved: keeper.best() !== before && record.race === null };
    },
  };
}

/** `matmul m=128 n=128 k=128 f32 on lavapipe`. */
export function runTitle({ workload, device }: Pick<TuningRecord, 'workload' | 'device'>): string {
  return printable(`${describeWorkload(workload)} on ${device.name}`);
}

/** `trial 12  new best 4.56 ms, 2.93x over naive  (tiled)`; null for a record that changes nothing worth a line. */
export function improvementLine({ record, improved, trials, bestNs, naiveNs }: SeenRecord): string | null {
  if (record.origin === 'baseline' && record.race === null)
    return naiveNs === null
      ? `the naive schedule gave no time: ${record.outcome}`
      : `naive schedule ${formatTime(naiveNs)}`;
  if (!improved || bestNs === null) return null;
  const sketch = record.sketch === null ? '' : `  (${printable(record.sketch)})`;
  return `trial ${trials}  new best ${formatTime(bestNs)}${overNaive(bestNs, naiveNs)}${sketch}`;
}

/** `trial 13  best 4.56 ms, 2.93x over naive  after 12 s`, with how the last trial ended. */
export function stateLine(
  { trials, bestNs, naiveNs, elapsedMs, ended }: RunState,
  latest: TuningRecord | null,
): string {
  const best = bestNs === null ? 'nothing right yet' : `best ${formatTime(bestNs)}${overNaive(bestNs, naiveNs)}`;
  const time = latest === null ? null : timeOf(latest);
  const last = latest === null ? [] : [`last ${time === null ? latest.outcome : formatTime(time)}`];
  const over = ended ? ['the run has ended'] : last;
  return [`trial ${trials}`, best, `after ${formatDuration(elapsedMs)}`, ...over].join('  ');
}

function overNaive(timeNs: number, naiveNs: number | null): string {
  return naiveNs === null ? '' : `, ${formatFactor(naiveNs / timeNs)} over naive`;
}
