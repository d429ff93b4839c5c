import { createHash } from 'node:crypto';
import { stableJson } from './stable-json.ts';

/** First 16 hex digits of the SHA-256 of a text: short enough to print, long enough not to collide in a log. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Hash of a value's canonical JSON. */
export function hashJson(value: unknown): string {
  return hashText(stableJson(value));
}
