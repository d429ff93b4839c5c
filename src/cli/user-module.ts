import { existsSync, statSync } from 'node:fs';
import type { WorkloadWish } from '../operators/parse-workload.ts';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import { type ModuleWord, type Rehearsed, rehearse } from './rehearsal.ts';

/** What a word of the command line says of a module; null where it is the name of an operator. Throws UserError where there is no such module. */
function moduleWord(word: string): ModuleWord | null {
  const [, path, wanted] = /^(.*\.m?js)(?::([^:/\\]*))?$/.exec(word) ?? [];
  if (path === undefined) {
    if (/\.(ts|mts|cts|cjs)$/.test(word) && existsSync(word))
      throw new UserError(`${word} is no JavaScript module; compile it, or name a file that ends in .mjs or .js`);
    return null;
  }
  if (!existsSync(path))
    throw new UserError(`there is no module ${path}; give the path of one that defines an operator`);
  if (statSync(path).isDirectory()) throw new UserError(`${path} is a folder; name a module in it`);
  return { path, wanted };
}

/**
 * What is asked of a module before it is loaded here, and what a call of it may take, in seconds. `verified`: its reference will be asked, too.
 */
interface ModuleUse {
  readonly seconds: number | undefined;
  readonly verified?: boolean;
}

/**
 * The name of the operator that a word of the command line stands for: itself, or for the path of a module the operator that this
 * module defines, which is known from then on. Throws UserError with what is wrong with the module.
 */
export async function operatorNamed(word: string, { seconds }: ModuleUse): Promise<string> {
  return nameOf(word, seconds, null);
}

/** The workload of an operator so named. Throws UserError with what is wrong about the wish, or the module. */
export async function workloadNamed(word: string, wish: WorkloadWish, use: ModuleUse): Promise<Workload> {
  const name = await nameOf(word, use.seconds, { wish, verified: use.verified === true });
  const { makeWorkload } = await import('../operators/parse-workload.ts');
  return makeWorkload(name, wish);
}

async function nameOf(word: string, seconds: number | undefined, act: Rehearsed | null): Promise<string> {
  const module = moduleWord(word);
  if (module === null) return word;
  const { limitUserFunctions, userFunctionSeconds } = await import('../operators/user-function.ts');
  const limit = seconds ?? userFunctionSeconds;
  limitUserFunctions(limit);
  await rehearse({ module, seconds: limit, act });
  // Stdout is for results.
  Object.assign(console, { log: console.error, info: console.error, debug: console.error });
  const { loadOperator } = await import('./operator-module.ts');
  return loadOperator(module);
}
