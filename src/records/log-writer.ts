import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assert, UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';
import { logEnding } from './log-files.ts';
import { maxLineBytes } from './log-reader.ts';
import { recordSchema, type TuningRecord } from './record.ts';

/** Where logs go unless a folder is named. */
export const defaultLogFolder = 'tuning-logs';

/** An open log of one run. */
export interface LogWriter {
  /** Name of the run: the file's name without its ending. Goes into every record. */
  readonly run: string;
  readonly path: string;
  /** Puts one record on the disk as one line, before it returns. Throws UserError when the disk does not take it. */
  append(record: TuningRecord): void;
  /** Closes the file; one that took no record is removed. */
  close(): void;
}

export interface LogWriterOptions {
  readonly folder?: string;
  /** What the file is named after. */
  readonly operator: string;
  readonly device: string;
  readonly now?: Date;
}

/**
 * Starts a new log file, `20261120-101530-matmul-lavapipe-1f0c2a.jsonl`: names sort by time, and the last part is random, so two
 * tuners never write to one file. Throws UserError now, and not after an hour of tuning, when the folder cannot be written.
 */
export function createLogWriter(options: LogWriterOptions): LogWriter {
  const folder = options.folder ?? defaultLogFolder;
  const run = runName(options);
  const path = join(folder, run + logEnding);
  const file = guarded(folder, () => {
    makeFolder(resolve(folder));
    return openSync(path, 'ax');
  });
  let records = 0;
  let torn = false;
  let open = true;
  return {
    run,
    path,
    append: (record) => {
      assert(open, 'append to a closed log');
      const line = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(checked(record))}\n`);
      assert(line.length <= maxLineBytes, () => `a record of ${line.length} bytes could not be read back`);
      guarded(path, () => {
        // A full disk takes a part of a line first; the next write then throws the reason why it takes no more.
        for (let written = 0; written < line.length; ) {
          written += writeSync(file, line, written);
          // After a torn line the next record, should there be one, starts on a line of its own.
          torn = written < line.length;
        }
        syncQuietly(file);
      });
      records += 1;
    },
    close: () => {
      if (!open) return;
      open = false;
      const empty = records === 0 && fstatSync(file).size === 0;
      closeSync(file);
      if (empty) unlinkSync(path);
    },
  };
}

/** Longest error text kept, characters: a runaway compiler message must not make a line that is too long to be read back. */
const maxErrorLength = 256 * 1024;

/** What we write we must be able to read: a record that breaks the schema is our mistake. */
function checked(record: TuningRecord): unknown {
  const { error } = record;
  const fitting =
    error.length <= maxErrorLength
      ? record
      : { ...record, error: `${error.slice(0, maxErrorLength)}... (${error.length - maxErrorLength} more characters)` };
  const result = recordSchema.safeParse(fitting);
  assert(
    result.success,
    () =>
      `record does not fit its schema: ${result.error?.issues[0]?.path.join('.')}: ${result.error?.issues[0]?.message}`,
  );
  return result.data;
}

/** `20261120-101530-matmul-lavapipe-1f0c2a`, in UTC. */
function runName({ operator, device, now = new Date() }: LogWriterOptions): string {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return [time, plain(operator), plain(device), randomBytes(3).toString('hex')].join('-');
}

/** A name that is safe in every file system. */
function plain(text: string): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return safe === '' ? 'unnamed' : safe.slice(0, 40);
}

/** Not every file system can sync; the line is written either way. */
function syncQuietly(file: number): void {
  try {
    fdatasyncSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC' || (error as NodeJS.ErrnoException).code === 'EIO')
      throw error;
  }
}

const explanations: Readonly<Record<string, string>> = {
  ENOTDIR: 'part of that path is a file: name a folder with --log',
  EEXIST: 'it is a file: name a folder with --log',
  EACCES: 'you may not write there: change its permissions or name another folder with --log',
  EPERM: 'you may not write there: change its permissions or name another folder with --log',
  EROFS: 'that file system is read-only: name another folder with --log',
  ENOSPC: 'the disk is full: make room or name a folder on another disk with --log',
  EFBIG:
    'files may not grow that large here: raise the limit (ulimit -f), or begin a new log by running the same command again',
  EDQUOT: 'your disk quota is used up: make room or name a folder on another disk with --log',
};

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new UserError(`cannot write the tuning log ${path}: ${explanations[code ?? ''] ?? message}`);
  }
}
