import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Manifest } from '../../bundle/load.mjs';
import { exitCode, UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';
import type { BestKernel } from './events.ts';
import { manifestOf } from './manifest.ts';

const manifestName = 'manifest.json';
/** The files that every bundle has lie here, at the same path from src/tuner and dist/tuner. */
const bundleParts = new URL('../../bundle/', import.meta.url);
const sameInAll = ['load.mjs', 'load.d.mts', 'kernel.d.mts', 'manifest.schema.json'] as const;

/**
 * Writes a bundle that runs without wgtune: one WGSL file per kernel, `manifest.json` with the buffers, the dispatches in order and
 * everything they need of a device, and an ES module, `kernel.mjs`, that runs it all where the device suffices and says why not elsewhere.
 * Kernels that the manifest of an older bundle in the folder names are removed. Returns the paths written. Throws UserError when the
 * folder holds something else, unless `force` is set, or cannot be written.
 */
export async function exportBundle({
  kernel,
  folder,
  force = false,
}: {
  readonly kernel: BestKernel;
  readonly folder: string;
  readonly force?: boolean;
}): Promise<readonly string[]> {
  const { artifact } = kernel;
  try {
    if (!force && existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, manifestName))) {
      throw new UserError(
        `${folder} is not empty and holds no bundle; name another folder, or add --force to write into it`,
      );
    }
    makeFolder(folder);
    const older = kernelFilesOf(folder);
    const written: string[] = [];
    const put = async (name: string, text: string): Promise<void> => {
      const path = join(folder, name);
      await writeFileAtomic(path, text);
      written.push(path);
    };
    const manifest = manifestOf(kernel);
    const sources = Object.fromEntries(artifact.kernels.map((part) => [`${part.name}.wgsl`, part.wgsl]));
    for (const [file, text] of Object.entries(sources)) await put(file, text);
    for (const file of sameInAll) await put(file, readFileSync(new URL(file, bundleParts), 'utf8'));
    await put('kernel.mjs', moduleOf(manifest, sources));
    // Last: a folder with a manifest is a whole bundle.
    await put(manifestName, `${JSON.stringify(manifest, null, 2)}\n`);
    // Only now: until the new manifest stands, the old one needs its kernels.
    for (const name of older) if (!(name in sources)) rmSync(join(folder, name), { force: true });
    return written;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot write the bundle to ${folder}: ${(error as Error).message}; name a folder that can be written`,
      exitCode.failed,
    );
  }
}

/** The kernels that the manifest of an older bundle names, as files of that folder; whatever else lies there is not ours. */
function kernelFilesOf(folder: string): readonly string[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(folder, manifestName), 'utf8'));
  } catch {
    return [];
  }
  const { kernels } = (manifest ?? {}) as { readonly kernels?: unknown };
  if (!Array.isArray(kernels)) return [];
  return kernels
    .map((kernel: unknown) => (kernel as { readonly file?: unknown } | null)?.file)
    .filter((file): file is string => typeof file === 'string' && /^[\w.-]+\.wgsl$/.test(file));
}

/** The bundle as one module: the manifest and the texts as they lie beside it, bound to the loader. No fetch, so that every bundler accepts it. */
function moduleOf(manifest: Manifest, sources: Readonly<Record<string, string>>): string {
  return `// Made by \`wgtune export\`; manifest.json and the WGSL files hold the same.
import * as loader from './load.mjs';

export const manifest = ${JSON.stringify(manifest, null, 2)};

const sources = ${JSON.stringify(sources, null, 2)};

export const deviceNeeds = loader.deviceNeedsOf([manifest]);
export const unsupportedReason = (target) => loader.unsupportedReason(manifest, target);
export const createKernel = (device) => loader.createKernel(device, manifest, sources);
`;
}
