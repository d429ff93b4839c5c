import { readFileSync } from 'node:fs';
import type { Manifest } from '../../bundle/load.mjs';
import { writeBundleFolder } from './bundle-folder.ts';
import type { BestKernel } from './events.ts';
import { manifestOf } from './manifest.ts';

/** The files that every bundle has lie here, at the same path from src/tuner and dist/tuner. */
const bundleParts = new URL('../../bundle/', import.meta.url);
const sameInAll = [
  ...['load.mjs', 'load.d.mts', 'core.mjs', 'core.d.mts', 'subgroups.mjs', 'subgroups.d.mts'],
  ...['matrices.mjs', 'matrices.d.mts', 'kernel.d.mts', 'manifest.schema.json'],
] as const;

/** The text of a file that is part of what is exported. */
export function bundlePart(name: string): string {
  return readFileSync(new URL(name, bundleParts), 'utf8');
}

/**
 * Writes a bundle that runs without wgtune: one WGSL file per kernel, `manifest.json` with the buffers, the dispatches in order and
 * everything they need of a device, and an ES module, `kernel.mjs`, that runs it all where the device suffices and says why not elsewhere.
 * Returns the paths written; see writeBundleFolder for what it throws.
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
  const manifest = manifestOf(kernel);
  const sources = Object.fromEntries(kernel.artifact.kernels.map((part) => [`${part.name}.wgsl`, part.wgsl]));
  const files = {
    ...sources,
    ...Object.fromEntries(sameInAll.map((file) => [file, bundlePart(file)])),
    'kernel.mjs': moduleOf(manifest, sources),
  };
  return writeBundleFolder(folder, force, { files, manifest });
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
