import type { Sketch } from './sketch.ts';

/**
 * Values of a sketch's decisions, in its order, from a record's by name; null where the record knows other decisions or options, as one
 * of an older version may.
 */
export function recordedValues(
  { decisions }: Sketch,
  recorded: Readonly<Record<string, number | string>>,
): readonly number[] | null {
  if (Object.keys(recorded).length !== decisions.length) return null;
  const values: number[] = [];
  for (const { name, options } of decisions) {
    const value = recorded[name];
    if (typeof value !== 'number' || !options.includes(value)) return null;
    values.push(value);
  }
  return values;
}
