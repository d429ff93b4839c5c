import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createAtomicFile } from '../support/atomic-file.ts';
import { UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';
import type { Rules } from '../tuner/distill/rules.ts';
import { rulesModule } from './rules-module.ts';
import { formatRules } from './rules-text.ts';

const endings = ['.json', '.txt', '.ts'] as const;

/** Throws UserError where one of the files is there and may not be replaced: before anything is computed. */
export function checkRuleFiles(out: string, force: boolean): void {
  const there = endings.map((ending) => `${out}${ending}`).find((path) => existsSync(path));
  if (there !== undefined && !force)
    throw new UserError(`${there} is there already; name another --out, or add --force to replace it`);
}

/** Writes rules as JSON, as text and as a module, each whole or not at all; returns their paths. */
export function writeRuleFiles(out: string, rules: Rules): readonly string[] {
  const texts = {
    '.json': `${JSON.stringify(rules, null, 1)}\n`,
    '.txt': `${formatRules(rules)}\n`,
    '.ts': rulesModule(rules),
  };
  return endings.map((ending) => {
    const path = `${out}${ending}`;
    writeWhole(path, texts[ending]);
    return path;
  });
}

function writeWhole(path: string, text: string): void {
  try {
    makeFolder(dirname(resolve(path)));
    const file = createAtomicFile(path);
    try {
      file.write(text);
      file.commit();
    } finally {
      file.abandon();
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new UserError(`cannot write ${path} (${code}): name a path in a folder that can be written`);
  }
}
