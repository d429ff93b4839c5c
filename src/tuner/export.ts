import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { exitCode, UserError } from '../support/errors.ts';
import { makeFolder } from '../support/make-folder.ts';
import type { BestKernel } from './events.ts';

const manifestName = 'manifest.json';

/**
 * Writes a bundle that anyone can run without us: one WGSL file a kernel and `manifest.json` with the buffers and the dispatches, kernels in
 * order. Kernels of an older bundle there, as its manifest names them, are removed. Returns the paths written. Throws UserError when the folder holds something else, unless `force` is set, or cannot be written.
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
    for (const part of artifact.kernels) await put(`${part.name}.wgsl`, part.wgsl);
    await put(manifestName, `${JSON.stringify(manifestOf(kernel), null, 2)}\n`);
    // Only now: until the new manifest stands, the old one needs its kernels.
    const current = new Set(artifact.kernels.map((part) => `${part.name}.wgsl`));
    for (const name of older) if (!current.has(name)) rmSync(join(folder, name), { force: true });
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

/** The manifest of a bundle. */
export function manifestOf({ artifact, workload, device, timeNs }: BestKernel): Record<string, unknown> {
  return {
    workload,
    device,
    timeNs,
    buffers: artifact.buffers,
    kernels: artifact.kernels.map((part) => ({
      file: `${part.name}.wgsl`,
      entryPoint: part.entryPoint,
      workgroupSize: part.workgroupSize,
      dispatch: part.dispatch,
      bindings: part.bindings.map(({ group, binding, buffer }) => ({ group, binding, buffer })),
      features: part.features,
    })),
  };
}
