import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../support/errors.ts';

/** Files of a folder that may hold a space, by name; a file given by itself is taken as it is. */
export function spaceFiles(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch {
    throw new UserError(`there is no file or folder ${path}`);
  }
  if (!isFolder) return [path];
  return (
    readdirSync(path)
      // A T1 file describes a space and holds no measurements.
      .filter((name) => /\.json(\.gz)?$/.test(name) && !/\.T1\.json/.test(name))
      .sort()
      .map((name) => join(path, name))
  );
}
