import { type BuildCost, createBuildCost } from '../cost-model/build-cost.ts';
import { compiledAccessesOf } from '../features/compiled-accesses.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { lowerProgram } from '../lowering/lower.ts';
import { isBuiltIn } from '../operators/registry.ts';
import { buildMsOf } from '../records/build-time.ts';
import type { TuningRecord } from '../records/record.ts';
import type { LogSeconds } from '../search/scoring/per-second.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../search/strategy.ts';
import { instantiate } from '../space/sketch.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { programOf, replayed } from './build.ts';

/** Verifying, timing and recording a candidate take about this long, in milliseconds, where waiting for a quiet machine does not. */
const besideBuildingMs = 350;

/** Foresees how long trials take. What it learns comes from records alone: equal records give equal expectations. */
export interface TrialEffort {
  readonly logSeconds: LogSeconds;
  /** Milliseconds that building a candidate is expected to take; 0 for one that is refused before. */
  expectedMs(candidate: Candidate): number;
  /** The candidates in the order in which to try them: what takes long to build is built ahead of the others' trials, and not waited for first. */
  quickFirst(candidates: readonly Candidate[]): readonly Candidate[];
  /** Learns from the trial of a candidate. */
  see(candidate: Candidate, record: TuningRecord): void;
}

/** `builds`: records of the same device, of any workload, from which it learns beforehand. */
export function createTrialEffort(space: SketchSpace, builds: readonly TuningRecord[]): TrialEffort {
  const { device } = space;
  const cost = createBuildCost(device.type);
  for (const record of builds) seeOf(cost, accessesOf(programOfRecord(record), device), record);
  const known = new Map<string, readonly number[] | null>();
  const accesses = (candidate: Candidate): readonly number[] | null => {
    const key = candidateKey(candidate);
    const held = known.get(key);
    if (held !== undefined) return held;
    const made = instantiate(space.sketches[candidate.sketch] as SketchSpace['sketches'][number], candidate.values);
    const counted = accessesOf(isRefusal(made) ? made : made.program, device);
    known.set(key, counted);
    return counted;
  };
  const expectedMs = (candidate: Candidate): number => cost.expectedMs(accesses(candidate) ?? []);
  return {
    expectedMs,
    quickFirst: (candidates) =>
      candidates
        .map((candidate) => ({ candidate, ms: expectedMs(candidate) }))
        .sort((a, b) => a.ms - b.ms)
        .map(({ candidate }) => candidate),
    logSeconds: (candidate) => Math.log((besideBuildingMs + expectedMs(candidate)) / 1000),
    see: (candidate, record) => seeOf(cost, accesses(candidate), record),
  };
}

function seeOf(cost: BuildCost, accesses: readonly number[] | null, record: TuningRecord): void {
  const ms = buildMsOf(record);
  if (ms !== null && accesses !== null) cost.see(accesses, ms);
}

/** What each kernel of a scheduled program accesses; null where it makes no kernels on the device. */
function accessesOf(program: Program | Refusal, { limits }: DeviceDescription): readonly number[] | null {
  const lowered = isRefusal(program) ? program : lowerProgram(program, limits);
  return isRefusal(lowered) ? null : lowered.kernels.map(compiledAccessesOf);
}

function programOfRecord({ workload, trace }: TuningRecord): Program | Refusal {
  const missing = refuse('operator', () => `there is no ${workload.operator} of these parameters`);
  if (!isBuiltIn(workload.operator)) return missing;
  try {
    return replayed(programOf(workload), trace);
  } catch {
    // A log may hold anything; what is not a workload of today teaches nothing.
    return missing;
  }
}
