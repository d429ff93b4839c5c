import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogSeconds } from '../../src/search/scoring/per-second.ts';
import { sketchSpace } from '../../src/search/space/sketch-space.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { UserError } from '../../src/support/errors.ts';
import { kernelSpaceEnding, readKernelSpace } from '../../src/testing/recorded/kernel-space.ts';
import { nameOfSpace, readExternalSpace } from '../../src/testing/recorded/read-space.ts';
import { replayKernelSpace } from '../../src/testing/recorded/replayed-sketches.ts';
import { type ReplayedSpace, replaySpace } from '../../src/testing/recorded/replayed-space.ts';
import { programOf } from '../../src/tuner/build.ts';
import { createTrialEffort } from '../../src/tuner/trial-effort.ts';
import { createLandscape, landscapeEnding } from '../landscape/landscape.ts';
import { ofSpace } from '../ranking/measured.ts';

/** Files of a folder that may hold a space, by name; a file given by itself is taken as it is. */
export function spaceFiles(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch {
    throw new UserError(`there is no file or folder ${path}`);
  }
  if (!isFolder) return [path];
  return (
    readdirSync(path)
      // A T1 file describes a space and holds no measurements.
      .filter((name) => /\.json(\.gz)?$/.test(name) && !/\.T1\.json/.test(name))
      .sort()
      .map((name) => join(path, name))
  );
}

/** A recorded space; where its kernels are known, with the seconds that trials of them are expected to take. */
export type LoadedSpace = ReplayedSpace & { readonly logSeconds?: LogSeconds };

export async function loadSpace(path: string): Promise<LoadedSpace> {
  if (!path.endsWith(kernelSpaceEnding)) return replaySpace(await readExternalSpace(path));
  const recorded = await readKernelSpace(path);
  if (path.endsWith(landscapeEnding)) {
    const measured = ofSpace(recorded);
    const landscape = createLandscape(nameOfSpace(path), measured);
    return { ...landscape, logSeconds: createTrialEffort(measured.space, []).logSeconds };
  }
  const today = sketchesOf(programOf(recorded.workload));
  const replayed = replayKernelSpace(nameOfSpace(path), recorded, today);
  const sketches = recorded.sketches.map(({ name }) => today.find((sketch) => sketch.name === name) as Sketch);
  return { ...replayed, logSeconds: createTrialEffort(sketchSpace(sketches, recorded.device), []).logSeconds };
}
