import type { Artifact } from '../../ir/artifact.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import type { Trace } from '../../schedule/trace.ts';
import { type SketchSpace, sketchSpace } from '../../search/space/sketch-space.ts';
import { decisionsByName } from '../../space/recorded.ts';
import { instantiate } from '../../space/sketch.ts';
import { isRefusal } from '../../support/refusal.ts';
import { buildArtifact, programOf } from '../build.ts';
import { fittingSketches } from '../fits.ts';
import { readNearGroups } from './near-groups.ts';
import { chooseNeighbours, type Neighbour } from './neighbours.ts';

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

/** Null where the logs know no schedule of the operator that fits the workload and the device. */
export async function nearestKernel(
  folder: string,
  workload: Workload,
  device: DeviceDescription,
): Promise<NearestKernel | null> {
  const groups = await readNearGroups([folder], workload, device, { missingIsEmpty: true }, limits);
  const space = sketchSpace(fittingSketches(workload, programOf(workload), device), device);
  const [nearest] = chooseNeighbours(space, workload, groups, 1);
  if (nearest === undefined) return null;
  const { candidate, ...from } = nearest;
  const sketch = space.sketches[candidate.sketch] as SketchSpace['sketches'][number];
  const scheduled = instantiate(sketch, candidate.values);
  const artifact = isRefusal(scheduled) ? scheduled : buildArtifact(scheduled.program, device);
  if (isRefusal(scheduled) || isRefusal(artifact)) return null;
  return {
    workload,
    from,
    trace: scheduled.trace,
    sketch: sketch.name,
    decisions: decisionsByName(sketch, candidate.values),
    artifact,
  };
}
