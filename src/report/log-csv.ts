import { stringify } from 'csv-stringify/sync';
import type { TuningRecord } from '../records/record.ts';
import { scheduleKey } from '../records/schedule-key.ts';

type Cell = string | number | boolean | null;

/** Columns of a log as a table, in order. Times in nanoseconds, durations in milliseconds; what a record does not have is empty. */
const columns: Readonly<Record<string, (record: TuningRecord) => Cell>> = {
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
  median_ns: ({ medianNs }) => medianNs,
  samples: ({ samplesNs }) => samplesNs.length,
  clock: ({ clock }) => clock,
  stopped_early: ({ stoppedEarly }) => stoppedEarly,
  checked: ({ verification }) => verification?.checked ?? null,
  wrong: ({ verification }) => verification?.wrong ?? null,
  max_error: ({ verification }) => verification?.maxError ?? null,
};

export const csvHeader: string = stringify([Object.keys(columns)]);

/** One record as a row (RFC 4180). A text that a spreadsheet would take for a formula is quoted as text: records come from strangers. */
export function csvRow(record: TuningRecord): string {
  return stringify([Object.values(columns).map((cell) => cell(record))], {
    escape_formulas: true,
    cast: { boolean: (value) => (value ? '1' : '0') },
  });
}

function jsonUnlessEmpty(value: Readonly<Record<string, unknown>>): string | null {
  return Object.keys(value).length === 0 ? null : JSON.stringify(value);
}
