/** A parameter's value as a measured file writes it. */
export type ParameterValue = number | string | boolean;

/** One open choice of a recorded space, as its file names it. */
export interface RecordedParameter {
  readonly name: string;
  /** The values that occur in the rows, each once: numbers ascending, then booleans, then texts in the order of their code points. */
  readonly values: readonly ParameterValue[];
}

/** One measured point. */
export interface RecordedRow {
  /** One value per parameter, in the order of the parameters. */
  readonly values: readonly ParameterValue[];
  /** Every timing sample in the order taken, nanoseconds; may be empty for a failure. */
  readonly samplesNs: readonly number[];
  /** The point's time in nanoseconds; null for a failure. */
  readonly timeNs: number | null;
  /** Why it has no time, in the file's own words; null where it has one. */
  readonly failure: string | null;
}

/**
 * Earlier measurements of all points of a space, on which a search can be tried without a device. Points without a row are outside the
 * space (constraints of the tuner that measured it).
 */
export interface RecordedSpace {
  /** For people: the file's name without its endings. */
  readonly name: string;
  readonly parameters: readonly RecordedParameter[];
  /** No two with the same values. */
  readonly rows: readonly RecordedRow[];
}

/** A row as a reader finds it: values by name, parameters in any order. */
export interface FoundRow {
  readonly values: ReadonlyMap<string, ParameterValue>;
  readonly samplesNs: readonly number[];
  readonly timeNs: number | null;
  readonly failure: string | null;
}

/** The value of a parameter that a row does not mention and other rows do: conditional parameters are left out where they mean nothing. */
const unmentioned = '(none)';

/**
 * Makes a space of the rows that a reader found. Parameters keep the given order, and those not listed follow in the order in which rows
 * mention them. Of several rows with the same values the fastest is kept, because noise only ever adds time.
 */
export function makeRecordedSpace(name: string, order: readonly string[], found: readonly FoundRow[]): RecordedSpace {
  const names = new Set(order);
  for (const { values } of found) for (const parameter of values.keys()) names.add(parameter);
  const rows = new Map<string, RecordedRow>();
  for (const { values: byName, ...measured } of found) {
    const values = [...names].map((parameter) => byName.get(parameter) ?? unmentioned);
    const key = JSON.stringify(values);
    const held = rows.get(key);
    const faster = (measured.timeNs ?? Number.POSITIVE_INFINITY) < (held?.timeNs ?? Number.POSITIVE_INFINITY);
    if (held === undefined || faster) rows.set(key, { values, ...measured });
  }
  const parameters = [...names].map((parameter, at) => ({
    name: parameter,
    values: distinct([...rows.values()].map(({ values }) => values[at] as ParameterValue)),
  }));
  return { name, parameters, rows: [...rows.values()] };
}

const kindOrder = ['number', 'boolean', 'string'];

function distinct(values: readonly ParameterValue[]): ParameterValue[] {
  return [...new Set(values)].sort((a, b) => {
    const kinds = kindOrder.indexOf(typeof a) - kindOrder.indexOf(typeof b);
    if (kinds !== 0) return kinds;
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

/**
 * The median of the samples without the first, which in external files is the unwarmed run and nearly always the largest; a
 * lone sample is taken as it is. Samples must not be empty.
 */
export function medianWithoutFirst(samples: readonly number[]): number {
  return median(samples.length > 1 ? samples.slice(1) : samples);
}

/** The median of at least one number. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
