import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Workload } from '../operators/workload.ts';
import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal } from '../support/refusal.ts';
import { isKernelFile, manifestName } from './bundle-folder.ts';
import { readManifest } from './manifest.ts';

/** What a folder that `wgtune export` wrote holds. */
export interface Bundle {
  readonly workload: Workload;
  readonly artifact: Artifact;
  /** Where it was tuned, what it took there, and the id of its record. */
  readonly device: DeviceDescription;
  readonly timeNs: number;
  readonly record: string;
}

export function isBundle(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/**
 * Reads a bundle. Its requirements are those of all its kernels together, so each kernel is given all of them. Throws UserError with what is wrong
 * with the folder.
 */
export function readBundle(folder: string): Bundle {
  const manifest = readManifest(parsed(folder));
  if (isRefusal(manifest))
    throw new UserError(
      `${join(folder, manifestName)} is no manifest that this wgtune reads: ${explainRefusal(manifest)}; export the bundle again`,
    );
  const { workload, device, timeNs, record, buffers, kernels, requirements } = manifest;
  const { subgroups, subgroupMatrix, requiredFeatures, limits } = requirements;
  return {
    ...{ workload, device, timeNs, record },
    artifact: {
      buffers: buffers.map(({ bytes: _, ...spec }) => spec),
      kernels: kernels.map(({ file, entryPoint, runsOnce, workgroupSize, dispatch, bindings, usesSubgroups }) => ({
        name: file.replace(/\.wgsl$/, ''),
        ...(runsOnce ? { runsOnce } : {}),
        ...{ entryPoint, wgsl: textOf(folder, file), workgroupSize, dispatch, bindings },
        workgroupBytes: limits.maxComputeWorkgroupStorageSize,
        features: requiredFeatures,
        subgroups:
          usesSubgroups && subgroups !== null ? { minSize: subgroups.minSize, maxSize: subgroups.maxSize } : null,
        subgroupMatrix,
      })),
    },
  };
}

function parsed(folder: string): unknown {
  const path = join(folder, manifestName);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(
      `${path} cannot be read (${(error as Error).message.split('\n')[0]}); name a folder that \`wgtune export\` wrote`,
    );
  }
}

function textOf(folder: string, file: string): string {
  if (!isKernelFile(file))
    throw new UserError(`${join(folder, manifestName)} names "${file}", which is no file of a bundle`);
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    throw new UserError(
      `${join(folder, file)} cannot be read (${(error as NodeJS.ErrnoException).code}); export the bundle again`,
    );
  }
}
