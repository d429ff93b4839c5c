import type { Artifact } from '../../ir/artifact.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import type { Trace } from '../../schedule/trace.ts';
import { sketchSpace } from '../../search/space/sketch-space.ts';
import { programOf } from '../build.ts';
import { fittingSketches } from '../fits.ts';
import { kernelOfCandidate, scheduleOf } from '../refitted.ts';
import { nearestFirst, readNearGroups, readNearShipped } from './near-groups.ts';
import { listNeighbours, type Neighbour } from './neighbours.ts';

/** The schedule of the nearest workload that logs know, refitted to another one, for which nobody has measured it. */
export interface NearestKernel {
  readonly workload: Workload;
  /** Whose schedule it is, and what it took there. */
  readonly from: Omit<Neighbour, 'candidate'>;
  readonly trace: Trace;
  readonly sketch: string;
  readonly decisions: Readonly<Record<string, number>>;
  readonly artifact: Artifact;
}

/** The few that are nearest: the first whose schedule fits is taken. */
const limits = { workloads: 4, devices: 4, records: 32 } as const;

const mostTried = 8;

/**
 * Null where the logs, those of the folder and those that ship, know no schedule of the operator that fits the workload and the device. `shippedLogs`: see
 * BestKernelOptions.
 */
export async function nearestKernel(
  folder: string,
  workload: Workload,
  device: DeviceDescription,
  shippedLogs?: string | null,
): Promise<NearestKernel | null> {
  const own = await readNearGroups([folder], workload, device, { missingIsEmpty: true }, limits);
  const shipped = await readNearShipped(shippedLogs, workload, device);
  const groups = [...own, ...shipped].sort(nearestFirst);
  const space = sketchSpace(fittingSketches(workload, programOf(workload), device), device);
  for (const { candidate, ...from } of listNeighbours(space, workload, groups, mostTried)) {
    const kernel = kernelOfCandidate(space, candidate);
    if (kernel !== null)
      return { workload, from, trace: kernel.trace, ...scheduleOf(space, candidate), artifact: kernel.artifact };
  }
  return null;
}
