import { defaultLimits } from '../ir/limits.ts';
import { kernelSpaceEnding, readKernelSpace } from '../search/recorded/kernel-space.ts';
import { nameOfSpace, readExternalSpace } from '../search/recorded/read-space.ts';
import { replayKernelSpace } from '../search/recorded/replayed-sketches.ts';
import { type MeasuredSpace, replaySpace } from '../search/recorded/replayed-space.ts';
import type { LogSeconds } from '../search/scoring/per-second.ts';
import { sketchSpace } from '../search/space/sketch-space.ts';
import { recordableSketches } from '../space/recorded-sketches.ts';
import type { Sketch } from '../space/sketch.ts';
import { programOf } from './build.ts';
import { createTrialEffort } from './trial-effort.ts';

/** A recorded space; where its kernels are known, with the seconds that trials of them are expected to take. */
type LoadedSpace = MeasuredSpace & { readonly logSeconds?: LogSeconds };

/** Reads a space of ours or of others. Rejects with UserError that names the file and what is wrong with it. */
export async function loadSpace(path: string): Promise<LoadedSpace> {
  if (!path.endsWith(kernelSpaceEnding)) return replaySpace(await readExternalSpace(path));
  const recorded = await readKernelSpace(path);
  const { workload, device } = recorded;
  const today = recordableSketches(programOf(workload), defaultLimits, device.type);
  const replayed = replayKernelSpace(nameOfSpace(path), recorded, today);
  const sketches = recorded.sketches.map(({ name }) => today.find((sketch) => sketch.name === name) as Sketch);
  return { ...replayed, logSeconds: createTrialEffort(sketchSpace(sketches, recorded.device), []).logSeconds };
}
