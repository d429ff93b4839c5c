import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { type LogLine, readLines } from './log-lines.ts';
import { parseRecord } from './migrate.ts';
import type { TuningRecord } from './record.ts';

/** How a log file's name ends. */
export const logEnding = '.jsonl';

/** Longest line that is parsed, bytes. A record takes a few thousand. */
export const maxLineBytes = 4 << 20;

export type FaultReason =
  | 'torn'
  | 'not-json'
  | 'wrong-shape'
  | 'unknown-version'
  | 'too-long'
  | 'not-utf8'
  | 'unreadable';

/** A line that was skipped. A torn last line is what a killed run leaves: a note. Everything else is an error. */
export interface LogFault {
  readonly severity: 'note' | 'error';
  readonly reason: FaultReason;
  readonly file: string;
  /** From 1; null when the whole file cannot be read. */
  readonly line: number | null;
  readonly message: string;
}

/** `tuning-logs/x.jsonl:12: not JSON: ...` */
export function describeFault(fault: LogFault): string {
  return `${fault.file}${fault.line === null ? '' : `:${fault.line}`}: ${fault.message}`;
}

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
}

/**
 * Reads logs line by line, files as given and folders' `*.jsonl` by name (which is by date), and hands over every record; keeps
 * none, so the size of the logs does not matter. A log is data: nothing of it is executed, and a line that is not a record is
 * reported with file and line and skipped. Rejects with UserError when a path given cannot be read at all.
 */
export async function readLogs(
  paths: readonly string[],
  handlers: LogHandlers,
  options: ReadOptions = {},
): Promise<ReadSummary> {
  const tally = { records: 0, notes: 0, errors: 0 };
  const fault = (found: LogFault): void => {
    if (found.severity === 'note') tally.notes += 1;
    else tally.errors += 1;
    handlers.onFault?.(found);
  };
  const files: string[] = [];
  for (const path of paths) files.push(...(await filesOf(path, options.missingIsEmpty ?? false)));
  for (const file of files) {
    const onLine = (line: LogLine): void => {
      const found = recordOf(line, file);
      if (found === null) return;
      if ('severity' in found) {
        fault(found);
        return;
      }
      tally.records += 1;
      handlers.onRecord(found, file, line.number);
    };
    let readingFailed: Error | null = null;
    await readLines(file, options.maxLineBytes ?? maxLineBytes, onLine).catch((error: unknown) => {
      // What a handler throws is the caller's affair; what the file system says is a fault of this file alone.
      if (!isSystemError(error)) throw error;
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
function recordOf(line: LogLine, file: string): TuningRecord | LogFault | null {
  const fault = (reason: FaultReason, message: string): LogFault => ({
    severity: 'error',
    reason,
    file,
    line: line.number,
    message,
  });
  if (line.kind === 'unfit') {
    if (!line.ended && line.why === 'not-utf8') return torn(line.number, file);
    return line.why === 'too-long'
      ? fault('too-long', 'line is too long to be a record')
      : fault('not-utf8', 'not UTF-8');
  }
  // A byte order mark is what some editors leave in front.
  const text = line.number === 1 && line.text.startsWith('\ufeff') ? line.text.slice(1) : line.text;
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!line.ended) return torn(line.number, file);
    return fault('not-json', `not JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  const record = parseRecord(value);
  if (!isRefusal(record)) return record;
  return fault(record.reason as FaultReason, `${record.reason.replace('-', ' ')}: ${explainRefusal(record)}`);
}

function torn(line: number, file: string): LogFault {
  return {
    severity: 'note',
    reason: 'torn',
    file,
    line,
    message: 'the last line is torn (the run was cut off); skipped',
  };
}

async function filesOf(path: string, missingIsEmpty: boolean): Promise<readonly string[]> {
  try {
    const found = await stat(path);
    if (found.isFile()) return [path];
    if (!found.isDirectory()) throw new UserError(`${path} is neither a log file nor a folder of them`);
    const names = (await readdir(path, { withFileTypes: true }))
      // Only plain files: a pipe would wait for a writer for ever.
      .filter((entry) => entry.isFile() && entry.name.endsWith(logEnding))
      .map((entry) => entry.name);
    return names.sort().map((file) => join(path, file));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT' && missingIsEmpty) return [];
    if (error.code === 'ENOENT')
      throw new UserError(`there is no tuning log ${path}: give a log file or a folder of them`);
    throw new UserError(`the tuning log ${path} cannot be read (${error.code}): check the path and its permissions`);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
