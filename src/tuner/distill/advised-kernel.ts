import type { Artifact } from '../../ir/artifact.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import { describeWorkload, type Workload } from '../../operators/workload.ts';
import { sketchSpace } from '../../search/space/sketch-space.ts';
import type { Scheduled } from '../../space/sketch.ts';
import { UserError } from '../../support/errors.ts';
import { programOf } from '../build.ts';
import { sketchesFor } from '../fits.ts';
import { kernelOfCandidate, refitted, scheduleOf } from '../refitted.ts';
import { advisedSchedules, type RuleSchedule, type Rules } from './rules.ts';

export interface AdvisedKernel extends Scheduled {
  readonly artifact: Artifact;
  /** The schedule that was taken, its decisions as they are after refitting. */
  readonly schedule: RuleSchedule;
}

/**
 * Makes the kernel of a workload by schedules that rules advise (`chooseSchedules` of a module that `wgtune distill` wrote): of the first whose sketch the
 * workload has and that makes a kernel on the device. Decisions that are not legal for the shape become the nearest that are. Searches and measures
 * nothing. Throws UserError where no schedule fits.
 */
export function advisedKernel(
  workload: Workload,
  schedules: readonly RuleSchedule[],
  device: DeviceDescription,
): AdvisedKernel {
  const program = programOf(workload);
  const space = sketchSpace(sketchesFor(program, device), device);
  for (const schedule of schedules) {
    const candidate = refitted(space, schedule);
    if (candidate === null) continue;
    const kernel = kernelOfCandidate(space, candidate);
    if (kernel !== null) return { ...kernel, schedule: scheduleOf(space, candidate) };
  }
  throw new UserError(
    `none of the ${schedules.length} schedules that the rules advise makes a kernel of ${describeWorkload(workload)} on ${device.name}; tune it`,
  );
}

/** The same by whole rules. Throws UserError where they are of another operator. */
export function kernelByRules(rules: Rules, workload: Workload, device: DeviceDescription): AdvisedKernel {
  if (rules.operator !== workload.operator)
    throw new UserError(`these rules are of ${rules.operator}, not of ${workload.operator}`);
  return advisedKernel(workload, advisedSchedules(rules, workload, device), device);
}
