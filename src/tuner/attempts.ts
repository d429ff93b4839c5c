import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Peaks } from '../ir/roofline.ts';
import type { MeasureResult, RaceOutcome, Runner } from '../measure/runner.ts';
import type { Workload } from '../operators/workload.ts';
import type { LogWriter } from '../records/log-writer.ts';
import type { Outcome } from '../records/outcome.ts';
import type { Launch, Origin, TuningRecord } from '../records/record.ts';
import type { Scheduled } from '../space/sketch.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildArtifact } from './build.ts';
import { refusedResult, type TrialContext, trialRecord } from './trial-record.ts';
import type { VerificationData } from './workload-data.ts';

/** A schedule to be tried, and where it comes from. */
export interface Proposal {
  readonly scheduled: Scheduled | Refusal;
  readonly origin: Origin;
  readonly sketch: string | null;
  readonly decisions: TuningRecord['decisions'];
  readonly search: TuningRecord['search'];
  /** Milliseconds that building it is expected to take; absent where nobody asked. */
  readonly expectedMs?: number;
}

/** A proposal lowered to WGSL, or refused. */
export interface Prepared extends Proposal {
  readonly artifact: Artifact | Refusal;
  readonly loweringMs: number;
}

/** Makes trials of proposals: one record each, in the log before anything else happens. */
export interface Attempts {
  prepare(proposal: Proposal): Prepared;
  /**
   * Has the first few built ahead of their trials where the runner can, and returns how many may be measured now: at least one. `stopped`
   * is asked before each build.
   */
  buildAhead(prepared: readonly Prepared[], stopped: () => boolean): Promise<number>;
  /**
   * `bestNs`: best time so far; a candidate far behind it is not sampled for long. `refutes`: tells from the result whether it refutes an earlier
   * record of the same schedule.
   */
  attempt(
    prepared: Prepared,
    bestNs: number | null,
    refutes?: (result: MeasureResult) => TuningRecord['refutes'],
  ): Promise<TuningRecord>;
  /** See Runner.race; writes nothing yet. */
  race(prepared: readonly Prepared[], limitMs: number): Promise<RaceOutcome | null>;
  /** Writes one record per contestant. */
  enterRace(prepared: readonly Prepared[], outcome: RaceOutcome, startedAt: Date): readonly TuningRecord[];
  readonly outcomes: Partial<Record<Outcome, number>>;
  /** Records written. */
  count(): number;
  /** Wall milliseconds spent on lowering, building, verifying and timing. */
  spentMs(): number;
}

export interface AttemptsOptions {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly runner: Runner;
  readonly verification: VerificationData;
  readonly log: LogWriter;
  readonly seed: number;
  /** Peaks of the device as the run measured them, for its records. */
  readonly peaks: Peaks | null;
  /** How the run was started, for its first record; null for what no tuning command started. */
  readonly launch: Launch | null;
}

export function createAttempts(options: AttemptsOptions): Attempts {
  const { workload, device, runner, verification, log, seed, peaks, launch } = options;
  const outcomes: Attempts['outcomes'] = {};
  let count = 0;
  let spentMs = 0;
  return {
    outcomes,
    count: () => count,
    spentMs: () => spentMs,
    prepare: (proposal) => {
      const begun = performance.now();
      const { scheduled } = proposal;
      const artifact = isRefusal(scheduled) ? scheduled : buildArtifact(scheduled.program, device);
      const loweringMs = performance.now() - begun;
      spentMs += loweringMs;
      return { ...proposal, artifact, loweringMs };
    },
    buildAhead: async (prepared, stopped) => {
      if (runner.buildAhead === undefined) return 1;
      const begun = performance.now();
      // Refused proposals need no building and are answered in their turn.
      const legal: number[] = [];
      for (const [index, { artifact }] of prepared.entries()) if (!isRefusal(artifact)) legal.push(index);
      const artifacts = legal.map((index) => (prepared[index] as Prepared).artifact as Artifact);
      const expectedMs = legal.reduce((sum, index) => sum + ((prepared[index] as Prepared).expectedMs ?? 0), 0);
      const taken = await runner.buildAhead(artifacts, stopped, expectedMs);
      spentMs += performance.now() - begun;
      return taken === 0 ? 1 : (legal[taken - 1] as number) + 1;
    },
    attempt: async (prepared, bestNs, refutes = () => null) => {
      const { scheduled, artifact, loweringMs } = prepared;
      const startedAt = new Date();
      const begun = performance.now();
      const refused = isRefusal(artifact) || isRefusal(scheduled);
      const result = refused
        ? refusedResult(artifact as Refusal)
        : await runner.measure({ artifact, checks: verification.checksFor(scheduled), bestNs });
      const tookMs = performance.now() - begun;
      spentMs += tookMs;
      return enter(prepared, result, {
        startedAt,
        durationMs: loweringMs + tookMs,
        refutes: refutes(result),
        race: null,
      });
    },
    race: async (prepared, limitMs) => {
      const begun = performance.now();
      const requests = prepared.flatMap(({ artifact, scheduled }) =>
        isRefusal(artifact) || isRefusal(scheduled)
          ? []
          : [{ artifact, checks: verification.checksFor(scheduled), bestNs: null }],
      );
      const outcome = (await runner.race?.(requests, limitMs)) ?? null;
      spentMs += performance.now() - begun;
      return outcome;
    },
    enterRace: (prepared, { results, places, decided }, startedAt) => {
      const of = prepared.flatMap((_, index) => (places[index] === null ? [] : [`${log.run}#${count + index}`]));
      return prepared.map((one, index) => {
        const [result, place] = [results[index] as MeasureResult, places[index] ?? null];
        const race = place === null ? null : { place, of, decided };
        return enter(one, result, { startedAt, durationMs: result.phasesMs.total, refutes: null, race });
      });
    },
  };

  function enter(
    { scheduled, artifact, origin, sketch, decisions, search }: Prepared,
    result: MeasureResult,
    measurement: Pick<TrialContext, 'startedAt' | 'durationMs' | 'refutes' | 'race'>,
  ): TuningRecord {
    const record = trialRecord(
      {
        ...{ run: log.run, trial: count, workload, device, origin, search, seed, sketch, decisions, peaks },
        trace: isRefusal(scheduled) ? { version: 1, steps: [] } : scheduled.trace,
        artifact: isRefusal(artifact) ? null : artifact,
        launch: count === 0 ? launch : null,
        ...measurement,
      },
      result,
      isRefusal(artifact) ? artifact : null,
    );
    log.append(record);
    count++;
    outcomes[record.outcome] = (outcomes[record.outcome] ?? 0) + 1;
    return record;
  }
}
