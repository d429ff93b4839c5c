import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

/** One line of a file, without its line end. */
export type LogLine =
  | { readonly kind: 'line'; readonly number: number; readonly text: string; readonly ended: boolean }
  /** A line that is not looked at: longer than the bound, or no UTF-8. */
  | { readonly kind: 'unfit'; readonly number: number; readonly why: 'too-long' | 'not-utf8'; readonly ended: boolean };

const newline = 0x0a;

/** How the name of a packed file ends. */
export const packedEnding = '.gz';

/** Most bytes that a packed file may hold: a few kilobytes of a stranger's may stand for terabytes. */
const maxUnpackedBytes = 1 << 30;

/** What is wrong with a packed file: it is broken, cut short or holds too much. */
export class PackedFileError extends Error {}

interface LineOptions {
  readonly chunkBytes?: number;
  readonly maxUnpackedBytes?: number;
}

/**
 * Calls back for every line of a file, holding one chunk and one unfinished line at most: the rest of a line longer than `maxBytes`
 * is skipped and not kept. A file whose name ends in .gz is unpacked on the way. Rejects with Node's error when the file cannot be read, and with
 * PackedFileError when it cannot be unpacked.
 */
export async function readLines(
  path: string,
  maxBytes: number,
  onLine: (line: LogLine) => void,
  options: LineOptions = {},
): Promise<void> {
  const chunks = path.endsWith(packedEnding) ? unpackedChunks(path, options) : plainChunks(path, options);
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
  for await (const data of chunks) {
    let begin = 0;
    for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, begin)) {
      emit(data.subarray(begin, end), true);
      begin = end + 1;
    }
    if (begin < data.length) keep(data.subarray(begin));
  }
  if (restBytes > 0) emit(Buffer.alloc(0), false);
}

async function* plainChunks(path: string, { chunkBytes = 1 << 20 }: LineOptions): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* unpackedChunks(
  path: string,
  { chunkBytes = 1 << 20, maxUnpackedBytes: most = maxUnpackedBytes }: LineOptions,
): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const unpacked = createGunzip({ chunkSize: chunkBytes });
  // An error of the file must end the reading of what is unpacked.
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  let bytes = 0;
  try {
    for await (const chunk of unpacked) {
      bytes += (chunk as Buffer).length;
      if (bytes > most) throw new PackedFileError(`it holds more than ${most} bytes when unpacked`);
      yield chunk as Buffer;
    }
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw new PackedFileError(`it cannot be unpacked: ${(error as Error).message}`);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}
