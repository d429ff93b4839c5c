import type { ParameterValue } from './recorded-space.ts';

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An error whose message follows a file's name and says what is wrong with the file; the reader of files turns it into a UserError. */
export class ShapeError extends Error {}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(holder: JsonObject, key: string, where = 'the file'): JsonObject {
  const value = holder[key];
  if (!isObject(value)) throw new ShapeError(`${where} has no object "${key}"`);
  return value;
}

/** Asserts that a row is an object. */
export function rowsMustBe(row: unknown, where: string): asserts row is JsonObject {
  if (!isObject(row)) throw new ShapeError(`${where} is not an object`);
}

/** The positive finite numbers of a list; none where the value is no list. Failed runs leave texts and zeros among the samples. */
export function numbersOf(list: unknown): number[] {
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is number => typeof item === 'number' && Number.isFinite(item) && item > 0);
}

/** A parameter's value: lists and objects become their text; null where there is none. */
export function parameterValue(value: unknown): ParameterValue | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return JSON.stringify(value);
}
