import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { isSystemError } from '../../records/log-files.ts';
import { UserError } from '../../support/errors.ts';
import { makeFolder } from '../../support/make-folder.ts';

/** Writes a page whole or not at all. Throws UserError where it cannot be written, or would take the place of a log that was read. */
export async function writePage(out: string, page: string, logs: readonly string[]): Promise<void> {
  if (!/\.html?$/i.test(out)) throw new UserError(`the page to write, ${out}, must have a name that ends in .html`);
  if (existsSync(out) && statSync(out).isDirectory()) throw new UserError(`${out} is a folder; name a file`);
  if (existsSync(out) && logs.some((log) => existsSync(log) && realpathSync(log) === realpathSync(out)))
    throw new UserError(`${out} is one of the logs that are read; name another file to write`);
  try {
    makeFolder(dirname(resolve(out)));
    await writeFileAtomic(out, page);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UserError(`cannot write ${out} (${error.code}): name a file in a folder that can be written`);
  }
}
