import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { makeFolder } from '../support/make-folder.ts';
import { readTar } from './tar.ts';

/** The optional package that holds SwiftShader and a Chromium, as compressed archives. */
export const packageName = '@sparticuz/chromium';

interface PackedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Its folder of archives and its version; null where it is not installed. */
export function chromiumPackage(): { readonly bin: string; readonly version: string } | null {
  try {
    // The package exports only its entry, build/cjs/index.cjs; the archives lie beside the build folder.
    const root = dirname(dirname(dirname(createRequire(import.meta.url).resolve(packageName))));
    const bin = join(root, 'bin');
    if (!existsSync(join(bin, 'swiftshader.tar.br'))) return null;
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return { bin, version: String((manifest as { version?: unknown }).version ?? 'unknown') };
  } catch {
    return null;
  }
}

export function filesOfTar(archive: string): readonly PackedFile[] {
  return readTar(decompressed(archive));
}

export function decompressed(archive: string): Uint8Array {
  return brotliDecompressSync(readFileSync(archive));
}

/**
 * A folder with these files, made by `unpack` where it is not whole. Unpacks beside the target and renames, so that a reader never sees half a
 * folder and two processes may race.
 */
export function unpackOnce(target: string, wanted: readonly string[], unpack: () => readonly PackedFile[]): string {
  const isWhole = (): boolean => wanted.every((name) => existsSync(join(target, name)));
  if (isWhole()) return target;
  const files = unpack();
  const missing = wanted.filter((name) => !files.some((file) => basename(file.name) === name));
  if (missing.length > 0) throw new Error(`${packageName} lacks ${missing.join(', ')}`);
  makeFolder(dirname(target));
  const temporary = mkdtempSync(`${target}.`);
  try {
    for (const { name, bytes } of files) writeFileSync(join(temporary, basename(name)), bytes, { mode: 0o755 });
    moveOver(temporary, target, isWhole);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

function moveOver(temporary: string, target: string, isWhole: () => boolean): void {
  try {
    renameSync(temporary, target);
  } catch (error) {
    // Another process was first: its folder is as good. A half-deleted folder is replaced.
    if (isWhole()) return;
    if (!existsSync(target)) throw error;
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
  }
}
