import type { DeviceDescription } from '../ir/limits.ts';
import type { Runner } from '../measure/runner.ts';
import type { Workload } from '../operators/workload.ts';
import type { LogWriter } from '../records/log-writer.ts';
import type { Outcome } from '../records/outcome.ts';
import { isVerified, type Origin, type TuningRecord } from '../records/record.ts';
import type { SketchSpace } from '../search/sketch-space.ts';
import type { Candidate, Observation, SearchStrategy } from '../search/strategy.ts';
import { instantiate, type Scheduled } from '../space/sketch.ts';
import { isRefusal, type Refusal } from '../support/refusal.ts';
import { buildArtifact, naiveOf, scheduleProgram } from './build.ts';
import type { ModelName, PruneSummary, SearchName, TunedKernel, TuneEvent, TuneResult } from './events.ts';
import { type Known, knownObservations } from './known.ts';
import type { Reuse } from './retarget.ts';
import { refusedResult, trialRecord } from './trial-record.ts';
import type { VerificationData } from './workload-data.ts';

export interface LoopOptions {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly space: SketchSpace;
  readonly strategy: SearchStrategy;
  readonly runner: Runner;
  readonly verification: VerificationData;
  readonly log: LogWriter;
  readonly known: Known;
  readonly reuse: Reuse;
  readonly trials: number;
  readonly timeLimitMs: number | null;
  readonly seed: number;
  readonly searchName: SearchName;
  readonly modelName: ModelName;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: TuneEvent) => void;
}

export type LoopOutcome = Pick<
  TuneResult,
  | 'best'
  | 'bestFromLog'
  | 'naiveNs'
  | 'trials'
  | 'reuse'
  | 'outcomes'
  | 'pruned'
  | 'elapsedMs'
  | 'spentMs'
  | 'stoppedBy'
> & {
  /** Records written. */
  readonly measured: number;
};

/** The measured rounds of a tuning run: propose, build, verify, time, record, learn; until something says stop. */
export async function runTrials(options: LoopOptions): Promise<LoopOutcome> {
  const { strategy, known, onEvent, signal } = options;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const outcomes: Partial<Record<Outcome, number>> = {};
  let best: TunedKernel | null = known.best === null ? null : tunedKernel(known.best.record);
  let bestFromLog = best !== null;
  let measured = 0;
  let measureMs = 0;

  const attempt = async (
    scheduled: Scheduled | Refusal,
    origin: Origin,
    sketch: string | null,
    decisions: TuningRecord['decisions'],
    search: TuningRecord['search'],
  ): Promise<TuningRecord> => {
    const startedAt = new Date();
    const begun = performance.now();
    const built = isRefusal(scheduled) ? scheduled : buildArtifact(scheduled.program, options.device.limits);
    const result =
      isRefusal(built) || isRefusal(scheduled)
        ? refusedResult(built as Refusal)
        : await options.runner.measure({
            artifact: built,
            checks: options.verification.checksFor(scheduled.program),
            bestNs: best?.timeNs ?? null,
          });
    const record = trialRecord(
      {
        run: options.log.run,
        trial: measured,
        workload: options.workload,
        device: options.device,
        origin,
        search,
        seed: options.seed,
        sketch,
        decisions,
        trace: isRefusal(scheduled) ? { version: 1, steps: [] } : scheduled.trace,
        artifact: isRefusal(built) ? null : built,
        startedAt,
        durationMs: performance.now() - begun,
      },
      result,
      isRefusal(built) ? built : null,
    );
    options.log.append(record);
    measured++;
    measureMs += performance.now() - begun;
    outcomes[record.outcome] = (outcomes[record.outcome] ?? 0) + 1;
    return record;
  };

  let naiveNs = known.naive?.medianNs ?? null;
  let naiveFromLog = naiveNs !== null;
  if (naiveNs === null) {
    const record = await attempt(naiveOf(options.workload), 'baseline', null, {}, null);
    naiveFromLog = false;
    naiveNs = isVerified(record) ? record.medianNs : null;
    if (isVerified(record) && (best === null || record.medianNs < best.timeNs)) {
      best = tunedKernel(record);
      bestFromLog = false;
    }
    onEvent({ kind: 'baseline', timeNs: naiveNs, outcome: record.outcome, error: record.error, fromLog: naiveFromLog });
  } else onEvent({ kind: 'baseline', timeNs: naiveNs, outcome: 'ok', error: '', fromLog: true });

  let trials = 0;
  let round = 0;
  let stoppedBy: TuneResult['stoppedBy'] = 'trials';
  const stopReason = (): TuneResult['stoppedBy'] | null => {
    if (signal?.aborted) return 'interrupted';
    if (options.timeLimitMs !== null && elapsed() >= options.timeLimitMs) return 'time';
    return trials >= options.trials ? 'trials' : null;
  };
  const finish = (record: TuningRecord): void => {
    trials++;
    const timeNs = isVerified(record) ? record.medianNs : null;
    const improved = isVerified(record) && (best === null || record.medianNs < best.timeNs);
    if (improved) {
      best = tunedKernel(record);
      bestFromLog = false;
    }
    onEvent({
      kind: 'trial',
      trial: trials,
      of: options.trials,
      sketch: record.sketch ?? record.origin,
      decisions: record.decisions,
      outcome: record.outcome,
      error: record.error,
      timeNs,
      bestNs: best?.timeNs ?? null,
      improved,
      naiveNs,
      elapsedMs: elapsed(),
      remainingMs: remaining(elapsed(), trials, options),
    });
  };

  // What was fast elsewhere is measured here before the search proposes anything, which then learns from it.
  const reused: TuningRecord[] = [];
  for (const { record: from, scheduled } of options.reuse.schedules) {
    if (stopReason() !== null) break;
    const record = await attempt(scheduled, 'transfer', from.sketch, from.decisions, null);
    reused.push(record);
    finish(record);
  }
  const transferred = knownObservations(options.space, reused);
  if (transferred.length > 0) await strategy.observe(transferred);

  for (let stop = stopReason(); ; stop = stopReason()) {
    if (stop !== null) {
      stoppedBy = stop;
      break;
    }
    const proposals = strategy.propose(Math.min(strategy.round, options.trials - trials));
    if (proposals.length === 0) {
      stoppedBy = 'exhausted';
      break;
    }
    const results: Observation[] = [];
    for (const candidate of proposals) {
      if (stopReason() !== null) break;
      const sketch = options.space.sketches[candidate.sketch] as SketchSpace['sketches'][number];
      const scheduled = instantiate(sketch, candidate.values);
      const search = { name: options.searchName, model: options.modelName, round, score: finite(candidate.score) };
      const record = await attempt(scheduled, 'search', sketch.name, decisionsOf(sketch, candidate), search);
      results.push({ candidate, timeNs: isVerified(record) ? record.medianNs : null });
      finish(record);
    }
    const fitBefore = strategy.spentMs.fit;
    // After the last round there is nothing left to learn for.
    if (results.length > 0 && stopReason() === null) {
      await strategy.observe(results);
      onEvent({ kind: 'learned', round, observations: trials, fitMs: strategy.spentMs.fit - fitBefore });
    }
    round++;
  }
  // The claim of the run is a ratio: both sides are measured once more, one after the other, and the faster time of each stands,
  // because on a shared machine noise only ever adds time.
  if (best !== null && !bestFromLog && !naiveFromLog && trials > 0 && !signal?.aborted) {
    const again = await attempt(naiveOf(options.workload), 'baseline', null, {}, null);
    if (isVerified(again)) naiveNs = Math.min(naiveNs ?? again.medianNs, again.medianNs);
    const program = scheduleProgram(options.workload, best.trace);
    const confirmed = await attempt({ trace: best.trace, program }, 'replay', best.sketch, best.decisions, null);
    // The naive schedule may turn out the faster of the two: then it is the best, as the log will say too.
    for (const record of [again, confirmed])
      if (isVerified(record) && record.medianNs < best.timeNs) best = tunedKernel(record);
  }
  return {
    best,
    bestFromLog,
    naiveNs,
    trials,
    reuse: reuseResult(options.reuse, reused),
    outcomes,
    pruned: { looked: strategy.tally.looked, reasons: summary(strategy), deaths: strategy.tally.deaths },
    elapsedMs: elapsed(),
    spentMs: { measure: measureMs, ...strategy.spentMs },
    stoppedBy,
    measured,
  };
}

function reuseResult({ devices, unfit }: Reuse, reused: readonly TuningRecord[]): TuneResult['reuse'] {
  if (reused.length === 0) return null;
  const times = reused.filter((record) => isVerified(record)).map(({ medianNs }) => medianNs as number);
  return { devices, unfit, measured: reused.length, bestNs: times.length === 0 ? null : Math.min(...times) };
}

function decisionsOf(sketch: SketchSpace['sketches'][number], candidate: Candidate): Record<string, number> {
  return Object.fromEntries(sketch.decisions.map((decision, i) => [decision.name, candidate.values[i] as number]));
}

export function tunedKernel(record: TuningRecord & { readonly medianNs: number }): TunedKernel {
  return {
    trace: record.trace,
    sketch: record.sketch,
    decisions: record.decisions,
    timeNs: record.medianNs,
    record: record.id,
  };
}

function finite(score: number | null): number | null {
  return score !== null && Number.isFinite(score) ? score : null;
}

function remaining(elapsedMs: number, trials: number, { trials: all, timeLimitMs }: LoopOptions): number {
  const byTrials = (elapsedMs / trials) * (all - trials);
  return timeLimitMs === null ? byTrials : Math.max(0, Math.min(byTrials, timeLimitMs - elapsedMs));
}

function summary(strategy: SearchStrategy): PruneSummary {
  return [...strategy.tally.byReason.entries()]
    .map(([reason, count]) => ({ reason, count, depths: strategy.tally.byDepth.get(reason) ?? [] }))
    .sort((a, b) => b.count - a.count);
}
