import { printable } from '../support/printable.ts';
import { formatTime } from './quantities.ts';

/** A record that stood before another one and was not taken. */
export interface NamedRecord {
  readonly medianNs: number;
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

const mostNamed = 5;

/** `passed over logs/a.jsonl:7 (1.00 ns), doubted: ...`, the first of them one by one. */
export function passedOverSentences(records: readonly NamedRecord[]): readonly string[] {
  const named = records
    .slice(0, mostNamed)
    .map(({ medianNs, file, line, why }) => printable(`passed over ${file}:${line} (${formatTime(medianNs)}), ${why}`));
  const more = records.length - named.length;
  return more === 0 ? named : [...named, `passed over ${more} more that are not the best or do not fit either`];
}
