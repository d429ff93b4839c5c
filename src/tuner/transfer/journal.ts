import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../support/errors.ts';
import { makeFolder } from '../../support/make-folder.ts';
import type { RunCourse } from './run.ts';

const lineSchema = z.strictObject({
  key: z.string(),
  steps: z.array(z.tuple([z.int().positive(), z.number().positive().max(1), z.number().nonnegative()])),
  trials: z.int().nonnegative(),
  decisions: z.string(),
});

/** The runs that were played, on the disk as soon as they end: an interrupted experiment goes on from them. */
interface Journal {
  readonly courses: ReadonlyMap<string, RunCourse>;
  readonly add: (key: string, course: RunCourse) => void;
}

/** Opens the journal of a folder, or makes one. Throws UserError where the folder cannot be written. */
export function openJournal(folder: string): Journal {
  const path = join(folder, 'runs.jsonl');
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new UserError(
        `${path}: it cannot be written (${(error as Error).message}); name another folder with --out`,
      );
    }
  };
  guarded(() => makeFolder(folder));
  const text = existsSync(path) ? guarded(() => readFileSync(path, 'utf8')) : '';
  const courses = new Map<string, RunCourse>();
  // A line that was torn by a crash, or is of another version, is played again.
  for (const line of text.split('\n')) {
    const parsed = lineSchema.safeParse(jsonOf(line));
    if (!parsed.success) continue;
    const { key, ...course } = parsed.data;
    courses.set(key, course);
  }
  let torn = text !== '' && !text.endsWith('\n');
  return {
    courses,
    add: (key, course) => {
      guarded(() => appendFileSync(path, `${torn ? '\n' : ''}${JSON.stringify({ key, ...course })}\n`));
      torn = false;
      courses.set(key, course);
    },
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
