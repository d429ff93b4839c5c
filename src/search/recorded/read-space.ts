import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../../support/errors.ts';
import { isObject, ShapeError } from './json-shape.ts';
import { isKernelTunerCache, readKernelTunerCache } from './kernel-tuner-cache.ts';
import { parseMended } from './mend-json.ts';
import type { RecordedSpace } from './recorded-space.ts';
import { isT4, readT4 } from './t4.ts';

/**
 * Reads a space that others measured: T4 JSON or a Kernel Tuner cache (an interrupted one as well), gzip or not. Rejects with UserError that
 * names the file and what is wrong with it. A file from a stranger is data: nothing of it is executed.
 */
export async function readExternalSpace(path: string): Promise<RecordedSpace> {
  const space = spaceOf(path, textOf(path, await bytesOf(path)));
  if (space.rows.length === 0) throw new UserError(`${path}: it holds no measured row`);
  return space;
}

/** A space's name: its file's, without folder and endings. */
export function nameOfSpace(path: string): string {
  return basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.json$/, '')
    .replace(/\.(T4|cache|space)$/, '');
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function textOf(path: string, bytes: Buffer): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (error) {
    throw new UserError(`${path}: it cannot be unpacked as gzip (${(error as Error).message})`);
  }
}

function spaceOf(path: string, text: string): RecordedSpace {
  const name = nameOfSpace(path);
  let value: unknown;
  try {
    // A byte order mark is no part of JSON.
    ({ value } = parseMended(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new UserError(`${path}: it is not JSON (${(error as Error).message})`);
  }
  try {
    if (isObject(value) && isT4(value)) return readT4(name, value);
    if (isObject(value) && isKernelTunerCache(value)) return readKernelTunerCache(name, value);
  } catch (error) {
    if (error instanceof ShapeError) throw new UserError(`${path}: ${error.message}`);
    throw error;
  }
  throw new UserError(`${path}: it is neither T4 (a list "results") nor a Kernel Tuner cache (an object "cache")`);
}
