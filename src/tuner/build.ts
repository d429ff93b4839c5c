import { unmetNeed } from '../../bundle/core.mjs';
import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { requirementsOf, targetOf } from '../ir/requirements.ts';
import { lowerProgram } from '../lowering/lower.ts';
import { findOperator } from '../operators/catalog.ts';
import type { Workload } from '../operators/workload.ts';
import { isFault, replay } from '../schedule/replay.ts';
import type { Trace } from '../schedule/trace.ts';
import { naiveSchedule } from '../space/rules.ts';
import type { Scheduled } from '../space/sketch.ts';
import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { emit } from '../wgsl/emit.ts';

/** The plain program of a workload. */
export function programOf(workload: Workload): Program {
  return findOperator(workload.operator).build(workload);
}

/** The device that a kernel is built for; without `features`, the kernel may use any. */
export type BuildTarget = Pick<DeviceDescription, 'limits'> & Partial<DeviceDescription>;

/**
 * Lowers a scheduled program for a device and prints it as WGSL; a refusal where it makes no kernel there. Whatever the loader of a bundle would
 * refuse is refused here, by the same list of requirements.
 */
export function buildArtifact(program: Program, device: BuildTarget): Artifact | Refusal {
  const lowered = lowerProgram(program, device.limits);
  if (isRefusal(lowered)) return lowered;
  const artifact = emit(lowered, device.limits.subgroupMatrix?.orderAs);
  const unmet = unmetNeed(requirementsOf(artifact), targetOf(device));
  return unmet === null ? artifact : refuse('requirements', () => unmet);
}

/** The naive schedule of a workload; throws UserError where there is none. */
export function naiveOf(workload: Workload): Scheduled {
  const naive = naiveSchedule(programOf(workload));
  if (isRefusal(naive)) throw new UserError(`${workload.operator} has no naive schedule: ${explainRefusal(naive)}`);
  return naive;
}

/** A program under the steps of a trace, or which step is not legal and why. */
export function replayed(program: Program, trace: Trace): Program | Refusal {
  const scheduled = replay(program, trace);
  if (!isFault(scheduled)) return scheduled;
  const { step, refusal } = scheduled;
  return refuse('illegal-step', () => `step ${step + 1} of the schedule: ${explainRefusal(refusal)}`);
}

/** A recorded schedule of a workload and its kernel within a device's limits; a refusal where it is not legal or does not fit there. */
export function kernelOf(
  workload: Workload,
  trace: Trace,
  device: BuildTarget,
): { readonly program: Program; readonly artifact: Artifact } | Refusal {
  const program = replayed(programOf(workload), trace);
  if (isRefusal(program)) return program;
  const artifact = buildArtifact(program, device);
  return isRefusal(artifact) ? artifact : { program, artifact };
}

/** Replays a trace on a workload's program. Throws UserError with the step and what would be legal when it does not fit. */
export function scheduleProgram(workload: Workload, trace: Trace | 'naive'): Program {
  if (trace === 'naive') return naiveOf(workload).program;
  const program = replay(programOf(workload), trace);
  if (isFault(program)) {
    throw new UserError(
      `step ${program.step + 1} of the schedule does not fit this workload: ${explainRefusal(program.refusal)}`,
    );
  }
  return program;
}

/** Like buildArtifact, but throws UserError instead of returning a refusal, for callers that answer a user. */
export function artifactOf(program: Program, device: BuildTarget): Artifact {
  const artifact = buildArtifact(program, device);
  if (isRefusal(artifact)) throw new UserError(`the schedule makes no kernel here: ${explainRefusal(artifact)}`);
  return artifact;
}
