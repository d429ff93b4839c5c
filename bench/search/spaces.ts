import { readKernelSpace } from '../../src/search/recorded/kernel-space.ts';
import { nameOfSpace } from '../../src/search/recorded/read-space.ts';
import type { ReplayedSpace } from '../../src/search/recorded/replayed-space.ts';
import type { LogSeconds } from '../../src/search/scoring/per-second.ts';
import { loadSpace as loadRecordedSpace } from '../../src/tuner/recorded-spaces.ts';
import { createTrialEffort } from '../../src/tuner/trial-effort.ts';
import { createLandscape, landscapeEnding } from '../landscape/landscape.ts';
import { ofSpace } from '../ranking/measured.ts';

/** A recorded space or a landscape; where its kernels are known, with the seconds that trials of them are expected to take. */
export type LoadedSpace = ReplayedSpace & { readonly logSeconds?: LogSeconds };

export async function loadSpace(path: string): Promise<LoadedSpace> {
  if (!path.endsWith(landscapeEnding)) return loadRecordedSpace(path);
  const measured = ofSpace(await readKernelSpace(path));
  const landscape = createLandscape(nameOfSpace(path), measured);
  return { ...landscape, logSeconds: createTrialEffort(measured.space, []).logSeconds };
}
