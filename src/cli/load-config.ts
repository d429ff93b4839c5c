import { readFileSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { firstLine } from '../operators/user-function.ts';
import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { type Config, checkedConfig } from '../tuner/config.ts';
import { answerToOwnName, ownEntry } from './own-name.ts';

/** Reads and checks a project's file. Throws UserError with the file, the key and what is wrong. */
export async function loadConfig(path: string): Promise<Config> {
  const value = await contentOf(path);
  const config = checkedConfig(value);
  if (isRefusal(config)) throw new UserError(`${path}: ${explainRefusal(config)}`);
  return config;
}

async function contentOf(path: string): Promise<unknown> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UserError(`there is no ${path}; \`wgtune init\` writes a project's file`);
  if (found.isDirectory()) throw new UserError(`${path} is a folder; name the project's file in it`);
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
    answerToOwnName();
    const loaded = path.endsWith('.ts')
      ? await typedModule(path)
      : await import(/* @vite-ignore */ pathToFileURL(path).href);
    const { default: value } = loaded as { readonly default?: unknown };
    if (value !== undefined) return value;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be loaded: ${firstLine(error)}`, undefined, { cause: error });
  }
  throw new UserError(`${path} has no default export; write \`export default defineConfig({ ... })\``);
}

/** Node loads TypeScript by itself from 22.18 on; before that jiti does. */
async function typedModule(path: string): Promise<unknown> {
  if ('typescript' in process.features && process.features.typescript)
    return import(/* @vite-ignore */ pathToFileURL(path).href);
  const { createJiti } = await import('jiti').catch(() => {
    throw new UserError(
      `${path} is TypeScript, which Node ${process.version} loads only with the package jiti; install it, or name the file wgtune.config.mjs`,
    );
  });
  const { fileURLToPath } = await import('node:url');
  return createJiti(path, { alias: { wgtune: fileURLToPath(ownEntry) }, fsCache: false, moduleCache: false }).import(
    path,
  );
}
