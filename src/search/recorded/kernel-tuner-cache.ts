import { type JsonObject, numbersOf, objectAt, parameterValue, rowsMustBe } from './json-shape.ts';
import { type FoundRow, makeRecordedSpace, medianWithoutFirst, type RecordedSpace } from './recorded-space.ts';

/** Kernel Tuner once wrote such large times in the place of a failure. */
const oldFailureMs = 1e19;

/** Whether a parsed file is a cache of Kernel Tuner. */
export function isKernelTunerCache(file: JsonObject): boolean {
  return 'cache' in file;
}

/**
 * A cache of Kernel Tuner: `tune_params_keys` names the parameters in order, `cache` holds one row per configuration with parameters and
 * results side by side, times in milliseconds. A failure is a text (or an object, or a huge number in old files) in place of the time.
 */
export function readKernelTunerCache(name: string, file: JsonObject): RecordedSpace {
  const cache = objectAt(file, 'cache');
  const listed = file.tune_params_keys;
  const keys = Array.isArray(listed) ? listed.map(String) : Object.keys(objectAt(file, 'tune_params'));
  const rows = Object.entries(cache).map(([key, row]): FoundRow => {
    rowsMustBe(row, `cache entry "${key}"`);
    const values = new Map(
      keys.flatMap((parameter) => {
        const value = parameterValue(row[parameter]);
        return value === null ? [] : [[parameter, value] as const];
      }),
    );
    const samples = numbersOf(row.times).map((ms) => ms * 1e6);
    const failure = failureOf(row);
    if (failure !== null) return { values, samplesNs: samples, timeNs: null, failure };
    return {
      values,
      samplesNs: samples,
      timeNs: samples.length > 0 ? medianWithoutFirst(samples) : (row.time as number) * 1e6,
      failure: null,
    };
  });
  return makeRecordedSpace(name, keys, rows);
}

function failureOf({ time, times }: JsonObject): string | null {
  if (typeof time === 'string') return time;
  if (typeof time === 'number') return time > 0 && time < oldFailureMs ? null : `a time of ${time}`;
  if (time === undefined && numbersOf(times).length > 0) return null;
  if (typeof time === 'object' && time !== null) return JSON.stringify(time);
  return 'no time';
}
