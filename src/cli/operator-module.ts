import { realpathSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listOperators } from '../operators/catalog.ts';
import { setModule } from '../operators/registry.ts';
import { firstLine, lineIn, stackOf } from '../operators/user-function.ts';
import { exitCode, UserError } from '../support/errors.ts';
import type { ModuleWord } from './rehearsal.ts';

/** Names of operators by the module that defined them, kept because importing a module again runs nothing. */
const loaded = new Map<string, readonly string[]>();

/** The name of the wanted operator, which is registered from then on. Throws UserError with what is wrong with the module. */
export async function loadOperator({ path, wanted }: ModuleWord): Promise<string> {
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
  const file = realpathSync(resolve(path));
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const { href: url } = pathToFileURL(file);
  const before = listOperators().length;
  answerToOwnName();
  try {
    await import(/* @vite-ignore */ url);
  } catch (error) {
    const line = lineIn(stackOf(error), url);
    const text = `${path} cannot be loaded: ${firstLine(error)}${line === null ? '' : ` (${line})`}`;
    throw new UserError(text, exitCode.usage, { cause: error });
  }
  const names = listOperators()
    .slice(before)
    .map((operator) => operator.name);
  for (const name of names) setModule(name, { path, url, operators: names.length });
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
