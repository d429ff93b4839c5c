import { checkedProgram } from '../../operators/checked-program.ts';
import { workloadKey } from '../../operators/workload.ts';
import { type SketchSpace, sketchSpace } from '../../search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../../search/strategy.ts';
import { recordedValues } from '../../space/recorded.ts';
import { isRefusal } from '../../support/refusal.ts';
import { stableJson } from '../../support/stable-json.ts';
import { sketchesFor } from '../fits.ts';
import type { LessonGroup } from '../learning/lessons.ts';
import type { RuleSchedule } from './rules.ts';

/** A workload on a device, and the times that logs hold of its candidates. */
export interface ShapeCase extends Pick<LessonGroup, 'workload' | 'workloadKey' | 'device' | 'deviceKey'> {
  readonly space: SketchSpace;
  readonly measured: readonly { readonly candidate: Candidate; readonly timeNs: number }[];
  /** Times by candidateKey, ns. */
  readonly times: ReadonlyMap<string, number>;
  readonly bestNs: number;
}

/** Fewer measured schedules say too little of a shape. */
const fewestMeasured = 4;
/** A stranger's log may name any number of shapes, and each is held against every schedule. */
const mostCases = 400;

/**
 * The cases of one operator that logs hold, those with the most records first where there are too many. Only what today's sketches make is taken.
 */
export function casesOf(groups: readonly LessonGroup[], operator: string): readonly ShapeCase[] {
  const byCase = new Map<string, LessonGroup>();
  for (const group of groups) {
    if (group.workload.operator !== operator) continue;
    const key = `${workloadKey(group.workload)} ${group.deviceKey}`;
    // Several groups of one workload and device are runs whose times do not compare.
    const held = byCase.get(key);
    if (held === undefined || held.lessons.length < group.lessons.length) byCase.set(key, group);
  }
  return [...byCase.values()]
    .sort((a, b) => b.lessons.length - a.lessons.length)
    .slice(0, mostCases)
    .flatMap((group) => caseOf(group) ?? []);
}

function caseOf({ workload, workloadKey: key, device, deviceKey, lessons }: LessonGroup): ShapeCase | null {
  const program = checkedProgram(workload);
  if (isRefusal(program)) return null;
  const space = sketchSpace(sketchesFor(program, device), device);
  const found = new Map<string, { readonly candidate: Candidate; readonly timeNs: number }>();
  for (const { sketch: name, decisions, timeNs } of lessons) {
    const sketch = space.sketches.findIndex((one) => one.name === name);
    const values =
      sketch < 0 ? null : recordedValues(space.sketches[sketch] as SketchSpace['sketches'][number], decisions);
    if (values === null || timeNs === null) continue;
    const candidate: Candidate = { sketch, values, score: null };
    const held = found.get(candidateKey(candidate));
    if (held === undefined || timeNs < held.timeNs) found.set(candidateKey(candidate), { candidate, timeNs });
  }
  if (found.size < fewestMeasured) return null;
  const measured = [...found.values()].sort((a, b) => a.timeNs - b.timeNs);
  return {
    ...{ workload, workloadKey: key, device, deviceKey, space, measured },
    times: new Map([...found].map(([at, { timeNs }]) => [at, timeNs])),
    bestNs: (measured[0] as { timeNs: number }).timeNs,
  };
}

export function scheduleIdentity(schedule: RuleSchedule): string {
  return stableJson(schedule);
}
