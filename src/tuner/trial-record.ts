import { type Artifact, wgslOf } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { MeasureResult } from '../measure/runner.ts';
import type { Workload } from '../operators/workload.ts';
import { type Launch, type Origin, recordVersion, type TuningRecord } from '../records/record.ts';
import type { Trace } from '../schedule/trace.ts';
import { hashText } from '../support/hash.ts';
import { explainRefusal, type Refusal } from '../support/refusal.ts';
import { toolVersion } from './tool.ts';

/** What a run knows about a trial besides its result. */
export interface TrialContext {
  readonly run: string;
  readonly trial: number;
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly origin: Origin;
  readonly search: TuningRecord['search'];
  readonly seed: number;
  readonly sketch: string | null;
  readonly decisions: TuningRecord['decisions'];
  readonly trace: Trace;
  readonly artifact: Artifact | null;
  readonly refutes: TuningRecord['refutes'];
  readonly peaks: TuningRecord['peaks'];
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly race: TuningRecord['race'];
  /** How the run was started; null in all but its first record. */
  readonly launch: Launch | null;
}

/** The result of a trial that never reached the device. */
export function refusedResult(refusal: Refusal): MeasureResult {
  return {
    outcome: 'refused',
    error: explainRefusal(refusal),
    samplesNs: [],
    medianNs: null,
    relative: null,
    references: null,
    clock: null,
    stoppedEarly: false,
    verification: null,
    phasesMs: { build: 0, verify: 0, time: 0, total: 0 },
  };
}

/** One line of the log. */
export function trialRecord(context: TrialContext, result: MeasureResult, refusal: Refusal | null): TuningRecord {
  const { run, trial, workload, device, origin, search, seed, sketch, decisions, trace, artifact } = context;
  return {
    version: recordVersion,
    id: `${run}#${trial}`,
    run,
    trial,
    startedAt: context.startedAt.toISOString(),
    durationMs: context.durationMs,
    phasesMs: result.phasesMs,
    tool: {
      ...{ version: toolVersion, node: process.version, platform: process.platform, arch: process.arch },
      ...(context.launch === null ? {} : { launch: context.launch }),
    },
    workload,
    device,
    origin,
    search,
    seed,
    sketch,
    decisions,
    // Steps hold nothing but names and numbers: a copy through JSON is what the reader will get.
    trace: JSON.parse(JSON.stringify(trace)) as TuningRecord['trace'],
    kernelHash: artifact === null ? null : hashText(wgslOf(artifact)),
    outcome: result.outcome,
    error: result.error,
    refusal: refusal === null ? null : { reason: refusal.reason, message: explainRefusal(refusal) },
    samplesNs: result.samplesNs,
    medianNs: result.medianNs,
    clock: result.clock,
    stoppedEarly: result.stoppedEarly,
    verification: result.verification,
    refutes: context.refutes,
    peaks: context.peaks,
    relative: result.relative,
    references: result.references,
    race: context.race,
  };
}
