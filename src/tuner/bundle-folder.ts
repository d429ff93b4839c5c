import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { exitCode, UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';

export const manifestName = 'manifest.json';

/** What a folder is to hold. */
interface BundleContents {
  /** Texts by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Plain data; written last, so that a folder with a manifest is whole. */
  readonly manifest: unknown;
}

/**
 * Writes exported kernels into a folder. WGSL files that the manifest of an earlier export there names, and this one does not, are removed.
 * Returns the paths written. Throws UserError when the folder holds something else, unless `force` is set, or cannot be written.
 */
export async function writeBundleFolder(
  folder: string,
  force: boolean,
  { files, manifest }: BundleContents,
): Promise<readonly string[]> {
  try {
    if (!force && existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, manifestName))) {
      throw new UserError(
        `${folder} is not empty and holds no bundle; name another folder, or add --force to write into it`,
      );
    }
    makeFolder(folder);
    const older = kernelFilesIn(readManifest(folder));
    const written: string[] = [];
    const all = { ...files, [manifestName]: `${JSON.stringify(manifest, null, 2)}\n` };
    for (const [name, text] of Object.entries(all)) {
      const path = join(folder, name);
      await writeFileAtomic(path, text);
      written.push(path);
    }
    // Only now: until the new manifest stands, the old one needs its kernels.
    for (const name of older) if (!(name in files)) rmSync(join(folder, name), { force: true });
    return written;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot write the bundle to ${folder}: ${(error as Error).message}; name a folder that can be written`,
      exitCode.failed,
    );
  }
}

/** The name of the module that lies in a folder; null where there is none. */
export function moduleNameIn(folder: string): string | null {
  const { module } = (readManifest(folder) ?? {}) as { readonly module?: unknown };
  return typeof module === 'string' && module.endsWith('.js') ? module.slice(0, -3) : null;
}

function readManifest(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, manifestName), 'utf8'));
  } catch {
    return null;
  }
}

/** The kernels that a manifest names, as files of its folder; whatever else lies there is not ours. */
function kernelFilesIn(manifest: unknown): readonly string[] {
  const { kernels, variants } = (manifest ?? {}) as { readonly kernels?: unknown; readonly variants?: unknown };
  if (Array.isArray(variants)) return variants.flatMap(kernelFilesIn);
  if (!Array.isArray(kernels)) return [];
  return kernels
    .map((kernel: unknown) => (kernel as { readonly file?: unknown } | null)?.file)
    .filter((file): file is string => typeof file === 'string' && isKernelFile(file));
}

/** Names come from a file that may be a stranger's: none may lead out of the folder. */
export function isKernelFile(name: string): boolean {
  return /^[\w.-]+\.wgsl$/.test(name);
}
