import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';

/** One line of a file, without its line end. */
export type LogLine =
  | { readonly kind: 'line'; readonly number: number; readonly text: string; readonly ended: boolean }
  /** A line that is not looked at: longer than the bound, or no UTF-8. */
  | { readonly kind: 'unfit'; readonly number: number; readonly why: 'too-long' | 'not-utf8'; readonly ended: boolean };

const newline = 0x0a;

/**
 * Calls back for every line of a file, holding one chunk and one unfinished line at most: the rest of a line longer than `maxBytes`
 * is skipped and not kept. Rejects with Node's error when the file cannot be read.
 */
export async function readLines(
  path: string,
  maxBytes: number,
  onLine: (line: LogLine) => void,
  chunkBytes = 1 << 20,
): Promise<void> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let rest: Buffer[] = [];
    let restBytes = 0;
    let number = 0;
    const keep = (part: Buffer): void => {
      restBytes += part.length;
      // Copied, since the chunk is read into again; nothing is kept of a line that is too long already.
      if (restBytes <= maxBytes) rest.push(Buffer.from(part));
      else rest = [];
    };
    const emit = (part: Buffer, ended: boolean): void => {
      number += 1;
      const bytes = restBytes + part.length;
      const whole = bytes > maxBytes || restBytes === 0 ? part : Buffer.concat([...rest, part]);
      rest = [];
      restBytes = 0;
      if (bytes > maxBytes) onLine({ kind: 'unfit', number, why: 'too-long', ended });
      else if (!isUtf8(whole)) onLine({ kind: 'unfit', number, why: 'not-utf8', ended });
      else onLine({ kind: 'line', number, text: whole.toString('utf8'), ended });
    };
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const data = chunk.subarray(0, bytesRead);
      let begin = 0;
      for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, begin)) {
        emit(data.subarray(begin, end), true);
        begin = end + 1;
      }
      if (begin < data.length) keep(data.subarray(begin));
    }
    if (restBytes > 0) emit(Buffer.alloc(0), false);
  } finally {
    await file.close();
  }
}
