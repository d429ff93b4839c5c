import { describeWorkload, type Workload, workloadKey } from '../../src/operators/workload.ts';
import { type KernelRow, kernelSpaceEnding, readKernelSpace } from '../../src/search/recorded/kernel-space.ts';
import type { SketchSpace } from '../../src/search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../../src/search/strategy.ts';
import { UserError } from '../../src/support/errors.ts';
import { knownObservations, loadKnown } from '../../src/tuner/known.ts';
import { candidateAsRecorded } from '../search/recorded-options.ts';

/** What searches came to. */
export async function candidatesOfLogs(
  folders: readonly string[],
  workload: Workload,
  space: SketchSpace,
): Promise<readonly Candidate[]> {
  const known = await Promise.all(folders.map((folder) => loadKnown(folder, workload, space.device)));
  return known.flatMap(({ records }) => knownObservations(space, records).map(({ candidate }) => candidate));
}

/** Rows of this workload that were measured before, in recorded files or tuning logs, by candidate. */
export async function measuredBefore(
  paths: readonly string[],
  workload: Workload,
  space: SketchSpace,
): Promise<Map<string, KernelRow>> {
  const rows = new Map<string, KernelRow>();
  const take = (candidate: Candidate | null, row: Omit<KernelRow, 's' | 'v'>): void => {
    if (candidate === null) return;
    rows.set(candidateKey(candidate), { s: candidate.sketch, v: [...candidate.values], ...row });
  };
  for (const path of paths) {
    if (path.endsWith(kernelSpaceEnding)) {
      const recorded = await readKernelSpace(path);
      if (workloadKey(recorded.workload) !== workloadKey(workload))
        throw new UserError(`--measured ${path}: it holds ${describeWorkload(recorded.workload)}`);
      for (const row of recorded.rows) {
        const { s: _, v: __, ...times } = row;
        take(candidateAsRecorded(recorded, row, space), times);
      }
      continue;
    }
    const { records } = await loadKnown(path, workload, space.device);
    for (const { candidate, timeNs } of knownObservations(space, records))
      if (timeNs !== null) take(candidate, { t: [Math.round(timeNs)] });
  }
  return rows;
}
