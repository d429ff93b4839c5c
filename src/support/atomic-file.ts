import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';

/** A file that is there whole or not at all. */
export interface AtomicFile {
  write(text: string): void;
  /** Puts the file in its place, in one step and on the disk. */
  commit(): void;
  /** Forgets what was written; after `commit` it does nothing. */
  abandon(): void;
}

const bufferedCharacters = 1 << 20;

/**
 * Writes beside `path` and takes its place at the end, piece by piece: write-file-atomic does the same for a file that is in memory, which
 * a merged log of gigabytes is not. Throws Node's error when the disk does not take it.
 */
export function createAtomicFile(path: string): AtomicFile {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const file = openSync(draft, 'wx');
  let parts: string[] = [];
  let held = 0;
  let state: 'open' | 'closed' | 'done' = 'open';
  const flush = (): void => {
    const bytes = Buffer.from(parts.join(''));
    parts = [];
    held = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  return {
    write: (text) => {
      parts.push(text);
      held += text.length;
      if (held >= bufferedCharacters) flush();
    },
    commit: () => {
      flush();
      fsyncSync(file);
      closeSync(file);
      state = 'closed';
      renameSync(draft, path);
      state = 'done';
    },
    abandon: () => {
      if (state === 'done') return;
      if (state === 'open') closeSync(file);
      state = 'done';
      unlinkSync(draft);
    },
  };
}
