import type { DeviceDescription } from '../../ir/limits.ts';
import { describeWorkload, type Workload } from '../../operators/workload.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../../search/strategy.ts';
import { refitted } from '../refitted.ts';
import type { NearGroup } from './near-groups.ts';

/** A schedule of a near workload, refitted to this one. */
export interface Neighbour {
  readonly candidate: Candidate;
  readonly workload: Workload;
  readonly device: DeviceDescription;
  /** What it took there, nanoseconds. */
  readonly timeNs: number;
}

/** `matmul m=64 n=64 k=64 f32 on lavapipe`: where a schedule of a near workload comes from. */
export function neighbourName({ workload, device }: Pick<Neighbour, 'workload' | 'device'>): string {
  return `${describeWorkload(workload)} on ${device.name}`;
}

/**
 * The best schedules of near workloads of the same operator, refitted and adapted to a space: the best of each, nearest first, then every second best, and so on.
 * Each once, and none of `known` (keys of candidates).
 */
export function listNeighbours(
  space: SketchSpace,
  workload: Workload,
  groups: readonly NearGroup[],
  most: number,
  known: ReadonlySet<string> = new Set(),
): readonly Neighbour[] {
  const near = groups
    .filter((group) => group.workload.operator === workload.operator)
    .map((group) => ({ group, fastest: fastestOf(group) }));
  const longest = near.reduce((most, { fastest }) => Math.max(most, fastest.length), 0);
  const chosen = new Map<string, Neighbour>();
  for (let turn = 0; turn < longest && chosen.size < most; turn++)
    for (const { group, fastest } of near) {
      const lesson = fastest[turn];
      if (lesson === undefined || chosen.size >= most) continue;
      const candidate = refitted(space, { ...lesson, adapted: true });
      if (candidate === null) continue;
      const key = candidateKey(candidate);
      if (known.has(key) || chosen.has(key)) continue;
      chosen.set(key, { candidate, workload: group.workload, device: group.device, timeNs: lesson.timeNs });
    }
  return [...chosen.values()];
}

type Timed = NearGroup['lessons'][number] & { readonly timeNs: number };

/** The best of a few near workloads tell enough; far down a list there is nothing good. */
const mostOfGroup = 8;

function fastestOf({ lessons }: NearGroup): readonly Timed[] {
  const timed = lessons.filter((lesson): lesson is Timed => lesson.timeNs !== null);
  return timed.sort((a, b) => a.timeNs - b.timeNs).slice(0, mostOfGroup);
}
