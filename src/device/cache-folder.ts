import { accessSync, constants, lstatSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { exitCode, UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';

/** Where this user's cached files may live, best first. The last one survives a read-only or missing home. */
export function cacheFolderCandidates(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const candidates: string[] = [];
  if (env.XDG_CACHE_HOME) candidates.push(join(env.XDG_CACHE_HOME, 'wgtune'));
  if (process.platform === 'win32' && env.LOCALAPPDATA) candidates.push(join(env.LOCALAPPDATA, 'wgtune', 'cache'));
  const home = env.HOME ?? homedir();
  if (home !== '') candidates.push(join(home, '.cache', 'wgtune'));
  candidates.push(join(tmpdir(), `wgtune-${userInfo().username}`));
  return candidates;
}

/** The first candidate that can be made and written. Throws UserError when there is none. */
export function cacheFolder(candidates: readonly string[] = cacheFolderCandidates()): string {
  for (const folder of candidates) if (canUse(folder)) return folder;
  throw new UserError(
    `no folder can be written for cached drivers (tried ${candidates.join(', ')}); set XDG_CACHE_HOME to one that can`,
    exitCode.noDevice,
  );
}

function canUse(folder: string): boolean {
  try {
    makeFolder(folder, 0o700);
    accessSync(folder, constants.W_OK | constants.X_OK);
    // Native libraries are loaded from here: in a shared temporary folder, another user must not be able to plant them.
    const owner = process.getuid?.();
    const found = lstatSync(folder);
    return owner === undefined || (found.isDirectory() && found.uid === owner && (found.mode & 0o022) === 0);
  } catch {
    return false;
  }
}
