import type { Sketch } from './sketch.ts';

/**
 * Values of a sketch's decisions, in its order, from a record's by name; null where the record knows other decisions or options, as one
 * of an older version may. A decision that came later has in older records the value that leaves everything as it was.
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
