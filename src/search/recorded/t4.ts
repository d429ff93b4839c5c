import { isObject, type JsonObject, numbersOf, objectAt, parameterValue, rowsMustBe } from './json-shape.ts';
import { type FoundRow, makeRecordedSpace, medianWithoutFirst, type RecordedSpace } from './recorded-space.ts';

/** Nanoseconds of one unit of time, by the first letters of its name: files spell `milliseconds` in several ways. */
const units: readonly (readonly [RegExp, number])[] = [
  [/^(ns|nano)/, 1],
  [/^(us|µs|micro)/, 1e3],
  [/^(ms|milli|mili)/, 1e6],
  [/^(s|sec)/, 1e9],
];
const milliseconds = 1e6;

/** Whether a parsed file is in the T4 format. */
export function isT4(file: JsonObject): boolean {
  return Array.isArray(file.results);
}

/**
 * A file in the T4 format of the auto-tuning community: `results` is a list of rows, each with its `configuration`, the `runtimes` of its
 * runs, and an `invalidity` that says how it failed where it is not `correct`. A failure may also be a text in the place of the
 * measured value. Rows without runtimes have the value of the measurement `time`.
 */
export function readT4(name: string, file: JsonObject): RecordedSpace {
  const unit = unitOf((file.metadata as JsonObject | undefined)?.timeunit) ?? milliseconds;
  const rows = (file.results as unknown[]).map((row, number): FoundRow => {
    const where = `results[${number}]`;
    rowsMustBe(row, where);
    const values = new Map(
      Object.entries(objectAt(row, 'configuration', where)).flatMap(([parameter, value]) => {
        const known = parameterValue(value);
        return known === null ? [] : [[parameter, known] as const];
      }),
    );
    const times = (row.times ?? {}) as JsonObject;
    const samples = numbersOf(times.runtimes).map((time) => time * unit);
    const measured = measuredTime(row);
    const failure = failureOf(row, samples, measured);
    if (failure !== null) return { values, samplesNs: samples, timeNs: null, failure };
    const timeNs =
      samples.length > 0 ? medianWithoutFirst(samples) : (measured?.value as number) * (unitOf(measured?.unit) ?? unit);
    return { values, samplesNs: samples, timeNs, failure: null };
  });
  return makeRecordedSpace(name, [], rows);
}

function unitOf(name: unknown): number | null {
  if (typeof name !== 'string') return null;
  return units.find(([pattern]) => pattern.test(name.trim().toLowerCase()))?.[1] ?? null;
}

/** The measurement of the time: the one named `time`, or else the objective. */
function measuredTime(row: JsonObject): JsonObject | undefined {
  const list = (Array.isArray(row.measurements) ? row.measurements : []).filter(isObject);
  const objective = Array.isArray(row.objectives) ? row.objectives[0] : undefined;
  return list.find(({ name }) => name === 'time') ?? list.find(({ name }) => name === objective);
}

function failureOf(row: JsonObject, samples: readonly number[], measured: JsonObject | undefined): string | null {
  const { invalidity } = row;
  if (invalidity !== undefined && invalidity !== null && invalidity !== 'correct') return String(invalidity);
  const value = measured?.value;
  if (typeof value === 'string') return value;
  if (samples.length === 0 && !(typeof value === 'number' && value > 0)) return 'no time';
  return null;
}
