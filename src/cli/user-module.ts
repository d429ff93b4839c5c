import { existsSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../support/errors.ts';

/** `./my-op.mjs`, or `./my-ops.mjs:name` where a module defines several. */
const modulePath = /^(.*\.m?js)(?::([^:/\\]*))?$/;

/** Operators by the module that defined them: importing it again runs nothing. */
const loaded = new Map<string, readonly string[]>();

/**
 * The name of the operator that a word of the command line stands for: itself, or for the path of a module the operator that this
 * module defines, which is known from then on. Throws UserError with what is wrong with the module.
 */
export async function operatorNamed(word: string): Promise<string> {
  const [, path, wanted] = modulePath.exec(word) ?? [];
  if (path === undefined) {
    if (/\.(ts|mts|cts|cjs)$/.test(word) && existsSync(word))
      throw new UserError(`${word} is no JavaScript module; compile it, or name a file that ends in .mjs or .js`);
    return word;
  }
  const names = await operatorsIn(path);
  const [name] = names;
  if (name === undefined) throw new UserError(`${path} defines no operator; call defineOperator of 'wgtune' in it`);
  if (wanted === undefined) {
    if (names.length > 1)
      throw new UserError(`${path} defines ${names.join(', ')}; choose one of them, e.g. ${path}:${name}`);
    return name;
  }
  if (!names.includes(wanted))
    throw new UserError(`${path} defines no operator "${wanted}"; it defines ${names.join(', ')}`);
  return wanted;
}

async function operatorsIn(path: string): Promise<readonly string[]> {
  const file = resolve(path);
  const known = loaded.get(file);
  if (known !== undefined) return known;
  if (!existsSync(file))
    throw new UserError(`there is no module ${path}; give the path of one that defines an operator`);
  if (statSync(file).isDirectory()) throw new UserError(`${path} is a folder; name a module in it`);
  const { listOperators } = await import('../operators/catalog.ts');
  const before = listOperators().length;
  answerToOwnName();
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } catch (error) {
    throw new UserError(`${path} cannot be loaded: ${firstLine(error)}`);
  }
  const names = listOperators()
    .slice(before)
    .map((operator) => operator.name);
  loaded.set(file, names);
  return names;
}

let answers = false;

/**
 * From here on `import 'wgtune'` means this very copy, wherever the importing module lies: another copy would have a registry of its
 * own, and a module in a folder without node_modules would find none.
 */
function answerToOwnName(): void {
  if (answers) return;
  answers = true;
  // This file and the library's entry have the same ending, .ts in a clone's sources and .js when built.
  const entry = new URL(`../index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href;
  const hook = `export const resolve = (name, context, next) => next(name === 'wgtune' ? ${JSON.stringify(entry)} : name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] || 'it throws an error without a message';
}
