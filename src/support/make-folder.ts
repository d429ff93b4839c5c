import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** mkdir -p, level by level: Node's own `recursive` never returns where a file system cannot hold folders (below /proc). */
export function makeFolder(path: string, mode?: number): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const parent = dirname(path);
  if (found === undefined && parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, mode === undefined ? {} : { mode });
  } catch (error) {
    // Another process may have made it just now.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
