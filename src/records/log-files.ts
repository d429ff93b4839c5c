import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../support/errors.ts';
import { packedEnding } from './log-lines.ts';

/** How a log file's name ends. */
export const logEnding = '.jsonl';

/** How the name of a log packed with gzip ends. */
export const packedLogEnding = `${logEnding}${packedEnding}`;

/** The log files of a path: itself, or a folder's `*.jsonl` and `*.jsonl.gz` by name, which is by date. Throws UserError where it cannot be read. */
export async function logFilesOf(path: string, missingIsEmpty: boolean): Promise<readonly string[]> {
  try {
    const found = await stat(path);
    if (found.isFile()) return [path];
    if (!found.isDirectory()) throw new UserError(`${path} is neither a log file nor a folder of them`);
    const names = (await readdir(path, { withFileTypes: true }))
      // Only plain files: a pipe would wait for a writer for ever.
      .filter((entry) => entry.isFile() && isLogName(entry.name))
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

function isLogName(name: string): boolean {
  return name.endsWith(logEnding) || name.endsWith(packedLogEnding);
}

/** Whether an error comes from the operating system, and not from a mistake of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

/** The log of a path that was written to last: itself, or the newest of a folder; null where there is none. */
export async function newestLog(path: string): Promise<string | null> {
  const files = await logFilesOf(path, true);
  let newest: { readonly file: string; readonly at: number } | null = null;
  for (const file of files) {
    // Between listing and looking a run that measured nothing may have removed its log.
    const at = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
    if (at !== null && (newest === null || at >= newest.at)) newest = { file, at };
  }
  return newest?.file ?? null;
}
