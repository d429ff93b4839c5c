import { type BuildCost, createBuildCost } from '../cost-model/build-cost.ts';
import type { Program } from '../ir/nodes.ts';
import { isBuiltIn } from '../operators/registry.ts';
import { buildMsOf } from '../records/build-time.ts';
import type { TuningRecord } from '../records/record.ts';
import type { LogSeconds } from '../search/scoring/per-second.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Candidate } from '../search/strategy.ts';
import { type Refusal, refuse } from '../support/refusal.ts';
import { programOf, replayed } from './build.ts';
import { accessesOf, createAccessCounter } from './kernel-accesses.ts';

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
  const accesses = createAccessCounter(space);
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
