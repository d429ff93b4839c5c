import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { makeFolder } from '../support/make-folder.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Driver, RefusedDriver } from './driver.ts';
import { readTar } from './tar.ts';

const packageName = '@sparticuz/chromium';
const manifestName = 'vk_swiftshader_icd.json';
const loaderName = 'libvulkan.so.1';
const wanted: readonly string[] = ['libvk_swiftshader.so', loaderName, manifestName];

/**
 * SwiftShader out of the optional npm package, unpacked once per user. It needs nothing of the system: the archive has
 * its own Vulkan loader. `folder` is where to unpack, by default this user's cache.
 */
export function findSwiftShader(folder: () => string = cacheFolder): Driver | RefusedDriver {
  const refused = (reason: string): RefusedDriver => ({ label: 'swiftshader', reason });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return refused(`the npm package holds it for Linux on x64 only, not for ${process.platform} on ${process.arch}`);
  const archive = archivePath();
  if (archive === null) return refused(`the optional npm package ${packageName} is not installed`);
  const version = packageVersion(archive);
  try {
    const home = unpack(archive, join(folder(), `swiftshader-${version}`));
    return {
      label: 'swiftshader',
      kind: 'swiftshader',
      manifest: join(home, manifestName),
      loader: join(home, loaderName),
      packageVersion: `${packageName} ${version}`,
    };
  } catch (error) {
    return refused(`it could not be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function archivePath(): string | null {
  try {
    // The package exports only its entry, build/cjs/index.cjs; the archives lie beside the build folder.
    const entry = createRequire(import.meta.url).resolve(packageName);
    const archive = join(dirname(dirname(dirname(entry))), 'bin', 'swiftshader.tar.br');
    return existsSync(archive) ? archive : null;
  } catch {
    return null;
  }
}

function packageVersion(archive: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(dirname(archive)), 'package.json'), 'utf8'));
  return String((manifest as { version?: unknown }).version ?? 'unknown');
}

/** Unpacks beside the target and renames, so that a reader never sees half a folder and two processes may race. */
function unpack(archive: string, target: string): string {
  if (isWhole(target)) return target;
  const files = readTar(brotliDecompressSync(readFileSync(archive))).filter((file) =>
    wanted.includes(basename(file.name)),
  );
  makeFolder(dirname(target));
  const temporary = mkdtempSync(`${target}.`);
  try {
    for (const file of files) writeFileSync(join(temporary, basename(file.name)), file.bytes, { mode: 0o755 });
    if (!isWhole(temporary)) throw new Error(`${archive} lacks one of ${wanted.join(', ')}`);
    moveOver(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

function moveOver(temporary: string, target: string): void {
  try {
    renameSync(temporary, target);
  } catch (error) {
    // Another process was first: its folder is as good. A half-deleted folder is replaced.
    if (isWhole(target)) return;
    if (!existsSync(target)) throw error;
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
  }
}

function isWhole(folder: string): boolean {
  return wanted.every((name) => existsSync(join(folder, name)));
}
