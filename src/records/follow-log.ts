import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type LogFault, lineFault } from './log-fault.ts';
import { isSystemError } from './log-files.ts';
import { maxLineBytes, recordOfLine } from './log-reader.ts';
import type { TuningRecord } from './record.ts';

/** Reads a log that another process is writing. */
interface LogFollower {
  /**
   * What has been written since the last call, in order. A last line that is not ended yet waits for its end. Nothing where the file is not there (any
   * more); a file that has become shorter is read anew from its beginning.
   */
  poll(): readonly (TuningRecord | LogFault)[];
}

const chunkBytes = 1 << 20;
const newline = 0x0a;

export function createLogFollower(path: string): LogFollower {
  let offset = 0;
  let rest = Buffer.alloc(0);
  let line = 0;

  const itemsIn = (data: Buffer): (TuningRecord | LogFault)[] => {
    const items: (TuningRecord | LogFault)[] = [];
    let begin = 0;
    for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, begin)) {
      line += 1;
      const part = data.subarray(begin, end);
      const item = isUtf8(part)
        ? recordOfLine({ kind: 'line', number: line, text: part.toString('utf8'), ended: true }, path)
        : lineFault('not-utf8', 'not UTF-8', path, line);
      if (item !== null) items.push(item);
      begin = end + 1;
    }
    rest = Buffer.from(data.subarray(begin));
    return items;
  };

  return {
    poll: () => {
      const file = openedIfThere(path);
      if (file === null) return [];
      try {
        if (fstatSync(file).size < offset) [offset, rest, line] = [0, Buffer.alloc(0), 0];
        const items: (TuningRecord | LogFault)[] = [];
        const chunk = Buffer.alloc(chunkBytes);
        for (;;) {
          const bytes = readSync(file, chunk, 0, chunkBytes, offset);
          if (bytes === 0) return items;
          offset += bytes;
          items.push(...itemsIn(Buffer.concat([rest, chunk.subarray(0, bytes)])));
          // No record is so long: whatever is being written is not one.
          if (rest.length > maxLineBytes) rest = Buffer.alloc(0);
        }
      } finally {
        closeSync(file);
      }
    },
  };
}

function openedIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}
