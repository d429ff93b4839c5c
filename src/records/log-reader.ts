import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { type FaultReason, type LogFault, lineFault, tornLine } from './log-fault.ts';
import { isSystemError, logFilesOf } from './log-files.ts';
import { type LogLine, PackedFileError, readLines } from './log-lines.ts';
import { newerVersion, parseRecord } from './migrate.ts';
import type { TuningRecord } from './record.ts';

/** Longest line that is parsed, bytes. A record takes a few thousand. */
export const maxLineBytes = 4 << 20;

export interface LogHandlers {
  readonly onRecord: (record: TuningRecord, file: string, line: number) => void;
  readonly onFault?: (fault: LogFault) => void;
}

export interface ReadOptions {
  /** A path that does not exist holds no records instead of being a mistake: for the default folder before the first run. */
  readonly missingIsEmpty?: boolean;
  readonly maxLineBytes?: number;
}

export interface ReadSummary {
  /** Files read, in order. */
  readonly files: readonly string[];
  readonly records: number;
  readonly notes: number;
  readonly errors: number;
  /** How many of the errors are records of a newer version, which are not broken. */
  readonly newer: number;
}

/**
 * Reads logs line by line, files as given and folders' `*.jsonl` and `*.jsonl.gz` by name (which is by date), and hands over every record; keeps
 * none, so the size of the logs does not matter. A log is data: nothing of it is executed, and a line that is not a record is
 * reported with file and line and skipped. Rejects with UserError when a path given cannot be read at all.
 */
export function readLogs(
  paths: readonly string[],
  { onRecord, onFault }: LogHandlers,
  options: ReadOptions = {},
): Promise<ReadSummary> {
  return foldLines(
    paths,
    { parse: recordOfLine, onItem: onRecord, ...(onFault === undefined ? {} : { onFault }) },
    options,
  );
}

export interface LineHandlers<Item> {
  /** The item that a line holds, what is wrong with the line, or null where there is nothing to tell. */
  readonly parse: (line: LogLine, file: string) => Item | LogFault | null;
  readonly onItem: (item: Item, file: string, line: number) => void;
  readonly onFault?: (fault: LogFault) => void;
}

/** The reading of logs under `readLogs`, for callers that take something else from a line than its record. */
export async function foldLines<Item extends object>(
  paths: readonly string[],
  { parse, onItem, onFault }: LineHandlers<Item>,
  options: ReadOptions = {},
): Promise<ReadSummary> {
  const tally = { records: 0, notes: 0, errors: 0, newer: 0 };
  const fault = (found: LogFault): void => {
    if (found.severity === 'note') tally.notes += 1;
    else tally.errors += 1;
    if (found.newer !== undefined) tally.newer += 1;
    onFault?.(found);
  };
  const files: string[] = [];
  for (const path of paths) files.push(...(await logFilesOf(path, options.missingIsEmpty ?? false)));
  for (const file of files) {
    const onLine = (line: LogLine): void => {
      const found = parse(line, file);
      if (found === null) return;
      if ('severity' in found) {
        fault(found);
        return;
      }
      tally.records += 1;
      onItem(found, file, line.number);
    };
    let readingFailed: Error | null = null;
    await readLines(file, options.maxLineBytes ?? maxLineBytes, onLine).catch((error: unknown) => {
      // An error that a handler throws is the caller's affair; one from the file system is a fault of this file alone.
      if (!isSystemError(error) && !(error instanceof PackedFileError)) throw error;
      readingFailed = error;
    });
    if (readingFailed !== null) {
      const message = `cannot be read: ${(readingFailed as Error).message}`;
      fault({ severity: 'error', reason: 'unreadable', file, line: null, message });
    }
  }
  return { files, ...tally };
}

/** All records of some logs at once, in the order of reading. For logs that fit in memory; `readLogs` folds any. */
export async function loadRecords(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<{ readonly records: readonly TuningRecord[]; readonly faults: readonly LogFault[] }> {
  const records: TuningRecord[] = [];
  const faults: LogFault[] = [];
  await readLogs(
    paths,
    { onRecord: (record) => records.push(record), onFault: (fault) => faults.push(fault) },
    options,
  );
  return { records, faults };
}

/** The record of a line, what is wrong with it, or null for a blank line. */
export function recordOfLine(line: LogLine, file: string): TuningRecord | LogFault | null {
  if (line.kind === 'unfit') {
    if (!line.ended && line.why === 'not-utf8') return tornLine(file, line.number);
    return line.why === 'too-long'
      ? lineFault('too-long', 'line is too long to be a record', file, line.number)
      : lineFault('not-utf8', 'not UTF-8', file, line.number);
  }
  // Some editors put a byte order mark in front.
  const text = line.number === 1 && line.text.startsWith('\ufeff') ? line.text.slice(1) : line.text;
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!line.ended) return tornLine(file, line.number);
    return lineFault('not-json', `not JSON: ${(error as Error).message.slice(0, 120)}`, file, line.number);
  }
  const record = parseRecord(value);
  if (!isRefusal(record)) {
    if (!namesPrototype(text)) return record;
    return lineFault('wrong-shape', 'wrong shape: a key is named __proto__', file, line.number);
  }
  const reason = record.reason as FaultReason;
  const fault = lineFault(reason, `${record.reason.replace('-', ' ')}: ${explainRefusal(record)}`, file, line.number);
  const newer = newerVersion(value);
  return newer === null ? fault : { ...fault, newer };
}

/**
 * Whether a JSON text has a key `__proto__`, however it is spelled. The schema leaves out such a key without a word, and no honest writer makes one.
 */
export function namesPrototype(text: string): boolean {
  if (!text.includes('__proto__') && !text.includes('\\u')) return false;
  let found = false;
  JSON.parse(text, (key, value: unknown) => {
    if (key === '__proto__') found = true;
    return value;
  });
  return found;
}
