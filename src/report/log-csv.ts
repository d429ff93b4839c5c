import { stringify } from 'csv-stringify/sync';
import { workloadKey } from '../operators/workload.ts';
import { deviceKey } from '../records/device-key.ts';
import { isVerified, type TuningRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { createRates, type Rates } from '../tuner/rates.ts';

type Cell = string | number | boolean | null;

/** What a row tells about its run up to its own record. */
export interface RunSoFar {
  /** Milliseconds since 1970 at which the first trial of the run in these logs began. */
  readonly startedAtMs: number;
  /** The run's fastest verified time for this workload on this device that nothing in the run has refuted since; null before the first. */
  readonly bestNs: number | null;
}

interface Row extends RunSoFar {
  readonly rates: Rates | null;
}

/** Columns of a log as a table, in order. Times in nanoseconds, durations in milliseconds; a cell is empty where the record has no value. */
const columns: Readonly<Record<string, (record: TuningRecord, row: Row) => Cell>> = {
  id: ({ id }) => id,
  started_at: ({ startedAt }) => startedAt,
  duration_ms: ({ durationMs }) => durationMs,
  operator: ({ workload }) => workload.operator,
  shape: ({ workload }) =>
    Object.entries(workload.params)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  attributes: ({ workload }) => jsonUnlessEmpty(workload.attributes),
  dtype: ({ workload }) => workload.dtype,
  device: ({ device }) => device.name,
  driver: ({ device }) => device.driver,
  backend: ({ device }) => device.backend,
  dawn: ({ device }) => device.dawnVersion,
  profile: ({ device }) => device.profile,
  origin: ({ origin }) => origin,
  search: ({ search }) => search?.name ?? null,
  model: ({ search }) => search?.model ?? null,
  round: ({ search }) => search?.round ?? null,
  score: ({ search }) => search?.score ?? null,
  seed: ({ seed }) => seed,
  sketch: ({ sketch }) => sketch,
  decisions: ({ decisions }) => jsonUnlessEmpty(decisions),
  schedule: ({ trace }) => scheduleKey(trace),
  steps: ({ trace }) => trace.steps.length,
  kernel: ({ kernelHash }) => kernelHash,
  outcome: ({ outcome }) => outcome,
  error: ({ error }) => error,
  refusal: ({ refusal }) => refusal?.reason ?? null,
  time_ns: (record) => timeOf(record),
  calm: ({ relative }) => relative?.calm ?? null,
  flops_per_second: (_, { rates }) => rates?.flopsPerSecond ?? null,
  bytes_per_second: (_, { rates }) => rates?.bytesPerSecond ?? null,
  median_ns: ({ medianNs }) => medianNs,
  samples: ({ samplesNs }) => samplesNs.length,
  clock: ({ clock }) => clock,
  stopped_early: ({ stoppedEarly }) => stoppedEarly,
  checked: ({ verification }) => verification?.checked ?? null,
  wrong: ({ verification }) => verification?.wrong ?? null,
  max_error: ({ verification }) => verification?.maxError ?? null,
  run: ({ run }) => run,
  trial: ({ trial }) => trial,
  seconds_since_start: ({ startedAt }, { startedAtMs }) => (Date.parse(startedAt) - startedAtMs) / 1000,
  best_so_far_ns: (_, { bestNs }) => bestNs,
  refutes: ({ refutes }) => refutes?.record ?? null,
};

export const csvHeader: string = stringify([Object.keys(columns)]);

/**
 * Writes records as rows (RFC 4180), in the order of reading, which within a run is that of its trials. A text that a spreadsheet would take
 * for a formula is quoted as text, because records come from strangers.
 */
export function createCsvRows(): (record: TuningRecord) => string {
  const follow = createRunFollower();
  const ratesOf = createRates();
  return (record) => {
    const timeNs = timeOf(record);
    const row = { ...follow(record), rates: timeNs === null ? null : ratesOf(record.workload, timeNs) };
    return stringify([Object.values(columns).map((cell) => cell(record, row))], {
      escape_formulas: true,
      cast: { boolean: (value) => (value ? '1' : '0') },
    });
  };
}

/** Joined logs may have runs interleaved: each run is followed on its own, and within it each workload on each device. */
function createRunFollower(): (record: TuningRecord) => RunSoFar {
  const starts = new Map<string, number>();
  const cells = new Map<string, { readonly verified: Map<string, number>; bestNs: number | null }>();
  return (record) => {
    const { run, id, startedAt, refutes } = record;
    const startedAtMs = Math.min(starts.get(run) ?? Number.POSITIVE_INFINITY, Date.parse(startedAt));
    starts.set(run, startedAtMs);
    const key = `${workloadKey(record.workload)} ${deviceKey(record.device)} ${run}`;
    const cell = cells.get(key) ?? { verified: new Map(), bestNs: null };
    cells.set(key, cell);
    if (refutes !== null && cell.verified.delete(refutes.record)) {
      cell.bestNs = null;
      for (const ns of cell.verified.values()) cell.bestNs = Math.min(cell.bestNs ?? ns, ns);
    }
    if (isVerified(record)) {
      const timeNs = timeOf(record);
      cell.verified.set(id, timeNs);
      cell.bestNs = Math.min(cell.bestNs ?? timeNs, timeNs);
    }
    return { startedAtMs, bestNs: cell.bestNs };
  };
}

function jsonUnlessEmpty(value: Readonly<Record<string, unknown>>): string | null {
  return Object.keys(value).length === 0 ? null : JSON.stringify(value);
}
