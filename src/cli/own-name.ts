import { register } from 'node:module';

/** Where the library begins. This file and that one have the same ending, .ts in a clone's sources and .js when built. */
export const ownEntry = new URL(`../index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href;

let answers = false;

/**
 * From here on `import 'wgtune'` means this very copy, wherever the importing module lies: another copy would have a registry of its
 * own, and a module in a folder without node_modules would find none.
 */
export function answerToOwnName(): void {
  if (answers) return;
  answers = true;
  const hook = `export const resolve = (name, context, next) => next(name === 'wgtune' ? ${JSON.stringify(ownEntry)} : name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
