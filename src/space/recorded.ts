import type { Sketch } from './sketch.ts';

/**
 * Values of a sketch's decisions, in its order, from a record's by name; null where the record knows other decisions or options, as one
 * of an older version may. A decision newer than the record takes the value that leaves everything as it was.
 */
export function recordedValues(
  { decisions }: Sketch,
  recorded: Readonly<Record<string, number | string>>,
): readonly number[] | null {
  const known = new Set(decisions.map((decision) => decision.name));
  if (Object.keys(recorded).some((name) => !known.has(name))) return null;
  const values: number[] = [];
  for (const { name, options, before } of decisions) {
    const value = recorded[name] ?? before;
    if (typeof value !== 'number' || !options.includes(value)) return null;
    values.push(value);
  }
  return values;
}

/** The same the other way: values in the order of a sketch's decisions, by name as records keep them. */
export function decisionsByName({ decisions }: Sketch, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(decisions.map(({ name }, at) => [name, values[at] as number]));
}

/** A decision of a recorded space, with the options that were recorded. */
interface RecordedDecision {
  readonly name: string;
  readonly options: readonly number[];
}

/** The same from a row of a recorded space, whose values are in the order of its own decisions. */
export function recordedRowValues(
  sketch: Sketch,
  recorded: readonly RecordedDecision[],
  row: readonly number[],
): readonly number[] | null {
  return recordedValues(sketch, Object.fromEntries(recorded.map(({ name }, at) => [name, row[at] as number])));
}

/** A sketch with the options that were recorded; a decision that came later has the value that leaves everything as it was. */
export function withRecordedOptions(sketch: Sketch, recorded: readonly RecordedDecision[]): Sketch {
  const known = new Map(recorded.map(({ name, options }) => [name, options]));
  return {
    ...sketch,
    decisions: sketch.decisions.map((decision) => ({
      ...decision,
      options: known.get(decision.name) ?? (decision.before === undefined ? decision.options : [decision.before]),
    })),
  };
}
