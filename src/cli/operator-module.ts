import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listOperators } from '../operators/catalog.ts';
import { setModule } from '../operators/registry.ts';
import { firstLine, lineIn, stackOf } from '../operators/user-function.ts';
import { exitCode, UserError } from '../support/errors.ts';
import { answerToOwnName } from './own-name.ts';
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
