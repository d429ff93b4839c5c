import { type KernelRow, rowTimeNs } from '../../src/search/recorded/kernel-space.ts';
import { candidateKey } from '../../src/search/strategy.ts';

/** Keys of the fastest rows. */
export function fastestOf(rows: readonly KernelRow[], fraction: number): ReadonlySet<string> {
  const timed = rows.flatMap((row) => {
    const timeNs = rowTimeNs(row);
    return timeNs === null ? [] : [{ key: candidateKey({ sketch: row.s, values: row.v }), timeNs }];
  });
  const count = Math.ceil(fraction * timed.length);
  return new Set(
    timed
      .sort((a, b) => a.timeNs - b.timeNs)
      .slice(0, count)
      .map(({ key }) => key),
  );
}

/** A row with the samples of another measurement of the same candidate; one that failed this time changes nothing. */
export function joined(before: KernelRow | undefined, now: KernelRow): KernelRow {
  if (before === undefined) return now;
  if (now.o !== undefined) return before;
  const quiet = [before.q, now.q].filter((time) => time !== undefined);
  return { ...before, t: [...before.t, ...now.t], ...(quiet.length === 0 ? {} : { q: Math.min(...quiet) }) };
}

/** A line of the partial file; null for the torn last one of an interrupted run. */
export function rowOf(line: string): KernelRow | null {
  try {
    return JSON.parse(line) as KernelRow;
  } catch {
    return null;
  }
}
