import type { MeasureResult } from '../measure/runner.ts';
import { isVerified, type TuningRecord } from '../records/record.ts';
import { refutationOf } from '../records/refute.ts';
import { isFault, replay } from '../schedule/replay.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Candidate, Observation, SearchStrategy } from '../search/strategy.ts';
import { instantiate } from '../space/sketch.ts';
import { type AttemptsOptions, createAttempts, type Prepared, type Proposal } from './attempts.ts';
import { naiveOf, programOf } from './build.ts';
import { chooseBest } from './choose-best.ts';
import { createDriftWatch } from './drift-watch.ts';
import type { ModelName, PruneSummary, TunedKernel, TuneEvent, TuneResult } from './events.ts';
import { type Known, knownObservations } from './known.ts';
import type { Reuse } from './retarget.ts';

type VerifiedRecord = TuningRecord & { readonly medianNs: number };

export interface LoopOptions extends AttemptsOptions {
  readonly space: SketchSpace;
  readonly strategy: SearchStrategy;
  readonly known: Known;
  readonly reuse: Reuse;
  readonly trials: number;
  /** The naive schedule would not end within a trial's time: it is not run. */
  readonly naiveTooLong: boolean;
  readonly timeLimitMs: number | null;
  /** Trials in a row without a new best after which it ends; null: never. */
  readonly patience: number | null;
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
  | 'drift'
  | 'builtAhead'
  | 'elapsedMs'
  | 'spentMs'
  | 'stoppedBy'
> & {
  /** Records written. */
  readonly measured: number;
};

/** The measured rounds of a tuning run: propose, build, verify, time, record, learn; until something says stop. */
export async function runTrials(options: LoopOptions): Promise<LoopOutcome> {
  const { workload, strategy, known, onEvent, signal } = options;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const attempts = createAttempts(options);
  const drift = createDriftWatch();
  let best: VerifiedRecord | null = known.best?.record ?? null;
  let bestFromLog = best !== null;
  const bestNs = (): number | null => best?.medianNs ?? null;
  /** Chooses anew from everything known: when the best is refuted, or nothing but doubted times is left. */
  const chooseAgain = (): void => {
    const { chosen } = chooseBest(known.table, workload, options.device);
    best = chosen?.record ?? null;
    bestFromLog = best !== null && best.run !== options.log.run;
  };
  /** The record's time where it counts. */
  const countedNs = (record: TuningRecord): number | null =>
    isVerified(record) && known.table.against(record) === null ? record.medianNs : null;
  /** True when the record is the best now. */
  const keepBest = (record: TuningRecord): boolean => {
    known.table.add(record);
    if (record.refutes !== null && record.refutes.record === best?.id) chooseAgain();
    if (!isVerified(record)) return false;
    const against = known.table.against(record);
    if (against !== null) {
      onEvent({ kind: 'disbelieved', record: record.id, timeNs: record.medianNs, why: against.why });
      return false;
    }
    if (best !== null && record.medianNs >= best.medianNs) return false;
    best = record;
    bestFromLog = false;
    return true;
  };
  let saidClock = false;
  const attempt = async (
    proposal: Proposal | Prepared,
    farBehindNs = bestNs(),
    refutes?: (result: MeasureResult) => TuningRecord['refutes'],
  ): Promise<TuningRecord> => {
    const prepared = 'artifact' in proposal ? proposal : attempts.prepare(proposal);
    const record = await attempts.attempt(prepared, farBehindNs, refutes);
    if (record.clock === 'wall' && !saidClock) {
      saidClock = true;
      onEvent({ kind: 'note', message: wallClockNote });
    }
    return record;
  };
  const baseline = (): Proposal => ({
    scheduled: naiveOf(workload),
    origin: 'baseline',
    sketch: null,
    decisions: {},
    search: null,
  });
  /** Says so when the machine has become another since the earlier measurement of one kernel. */
  const tellDrift = (earlier: VerifiedRecord, again: TuningRecord): void => {
    const moved = drift.see(earlier, again);
    if (moved?.beyondIntervals && again.medianNs !== null)
      onEvent({ kind: 'drift', beforeNs: earlier.medianNs, timeNs: again.medianNs, ratio: moved.ratio });
  };
  /** How many times as long as in the logs everything takes now, by the naive schedule; 1 while that is not known. */
  let machine = 1;
  /** Measures a record's kernel once more, unless its schedule is not legal any more. What does not bear the record out refutes it. */
  const confirm = async (earlier: VerifiedRecord, farBehindNs: number | null): Promise<void> => {
    const { trace, sketch, decisions } = earlier;
    const program = replay(programOf(workload), trace);
    if (isFault(program)) return;
    const proposal: Proposal = { scheduled: { trace, program }, origin: 'replay', sketch, decisions, search: null };
    const again = await attempt(proposal, farBehindNs, (result) => refutationOf(earlier, result, machine));
    if (again.refutes === null) tellDrift(earlier, again);
    else onEvent({ kind: 'disbelieved', record: earlier.id, timeNs: earlier.medianNs, why: again.refutes.reason });
    const fromLog = bestFromLog;
    if (keepBest(again) && again.refutes === null) bestFromLog = fromLog;
  };
  const confirmBest = async (): Promise<void> => {
    if (best !== null) await confirm(best, best.medianNs);
  };

  let naive: VerifiedRecord | null = known.naive !== null && isVerified(known.naive) ? known.naive : null;
  let naiveNs = naive?.medianNs ?? null;
  const naiveFromLog = naive !== null;
  if (naive === null && !options.naiveTooLong) {
    const record = await attempt(baseline());
    if (isVerified(record)) {
      naive = record;
      naiveNs = record.medianNs;
    }
    keepBest(record);
    onEvent({ kind: 'baseline', timeNs: naiveNs, outcome: record.outcome, error: record.error, fromLog: false });
  } else if (naive !== null) onEvent({ kind: 'baseline', timeNs: naiveNs, outcome: 'ok', error: '', fromLog: true });

  let trials = 0;
  let lastGain = 0;
  let round = 0;
  let stoppedBy: TuneResult['stoppedBy'] = 'trials';
  const stopReason = (): TuneResult['stoppedBy'] | null => {
    if (signal?.aborted) return 'interrupted';
    if (options.timeLimitMs !== null && elapsed() >= options.timeLimitMs) return 'time';
    if (trials >= options.trials) return 'trials';
    return options.patience !== null && trials - lastGain >= options.patience ? 'patience' : null;
  };
  const isOver = (): boolean => stopReason() !== null;
  if (known.suspects.length > 0 && !isOver()) {
    if (naive !== null && naiveFromLog) {
      const now = await attempt(baseline(), null);
      if (isVerified(now)) machine = now.medianNs / naive.medianNs;
      keepBest(now);
    }
    for (const { record } of known.suspects) if (!isOver()) await confirm(record, null);
  }
  const finish = (record: TuningRecord): void => {
    trials++;
    const improved = keepBest(record);
    if (improved) lastGain = trials;
    onEvent({
      kind: 'trial',
      trial: trials,
      of: options.trials,
      sketch: record.sketch ?? record.origin,
      decisions: record.decisions,
      outcome: record.outcome,
      error: record.error,
      timeNs: isVerified(record) ? record.medianNs : null,
      bestNs: bestNs(),
      improved,
      naiveNs,
      elapsedMs: elapsed(),
      remainingMs: remaining(elapsed(), trials, options),
    });
  };
  /** Has trials of all of these, in order, until the run is over; builds ahead what can be. */
  const measureAll = async <Item extends Proposal>(
    proposals: readonly Item[],
    onRecord: (item: Item, record: TuningRecord) => void,
  ): Promise<void> => {
    const prepared = proposals.map((proposal) => attempts.prepare(proposal));
    for (let at = 0, ready = 0; at < prepared.length && !isOver(); at++) {
      if (at >= ready) {
        ready = at + (await attempts.buildAhead(prepared.slice(at), isOver));
        if (isOver()) return;
      }
      const record = await attempt(prepared[at] as Prepared);
      onRecord(proposals[at] as Item, record);
      finish(record);
    }
  };

  // What was fast elsewhere is measured here before the search proposes anything, which then learns from it.
  const reused: TuningRecord[] = [];
  await measureAll(
    options.reuse.schedules.map(({ record: { sketch, decisions }, scheduled }) => ({
      scheduled,
      origin: 'transfer',
      sketch,
      decisions,
      search: null,
    })),
    (_, record) => reused.push(record),
  );
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
    await measureAll(
      proposals.map((candidate) => searched(candidate, round, options)),
      ({ candidate }, record) => results.push({ candidate, timeNs: countedNs(record) }),
    );
    if (!isOver() && drift.isDue(trials)) await confirmBest();
    const fitBefore = strategy.spentMs.fit;
    // After the last round there is nothing left to learn for.
    if (results.length > 0 && !isOver()) {
      await strategy.observe(results);
      onEvent({ kind: 'learned', round, observations: trials, fitMs: strategy.spentMs.fit - fitBefore });
    }
    round++;
  }
  // The claim of the run is a ratio: both sides are measured once more, one after the other, and the faster time of each stands,
  // because on a shared machine noise only ever adds time.
  if (best !== null && !bestFromLog && !naiveFromLog && trials > 0 && !signal?.aborted) {
    const again = naive === null && options.naiveTooLong ? null : await attempt(baseline());
    if (naive !== null && again !== null) tellDrift(naive, again);
    if (again !== null && isVerified(again)) naiveNs = Math.min(naiveNs ?? again.medianNs, again.medianNs);
    await confirmBest();
    // The naive schedule may turn out the faster of the two: then it is the best, as the log will say too.
    if (again !== null) keepBest(again);
  }
  if (best === null) chooseAgain();
  return {
    best: best === null ? null : tunedKernel(best),
    bestFromLog,
    naiveNs,
    trials,
    reuse: reuseResult(options.reuse, reused),
    outcomes: attempts.outcomes,
    pruned: { looked: strategy.tally.looked, reasons: summary(strategy), deaths: strategy.tally.deaths },
    drift: drift.summary(),
    builtAhead: options.runner.aheadSummary?.() ?? null,
    elapsedMs: elapsed(),
    spentMs: { measure: attempts.spentMs(), ...strategy.spentMs },
    stoppedBy,
    measured: attempts.count(),
  };
}

const wallClockNote =
  'this device has no usable clock of its own: times are from submission to result by the wall, over samples four times as long';

type Searched = Proposal & { readonly candidate: Candidate };

/** A candidate of the search with its schedule. */
function searched(candidate: Candidate, round: number, { space, strategy, modelName }: LoopOptions): Searched {
  const sketch = space.sketches[candidate.sketch] as SketchSpace['sketches'][number];
  return {
    candidate,
    scheduled: instantiate(sketch, candidate.values),
    origin: 'search',
    sketch: sketch.name,
    decisions: decisionsOf(sketch, candidate),
    search: { name: strategy.name, model: modelName, round, score: finite(candidate.score) },
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

export function tunedKernel(record: VerifiedRecord): TunedKernel {
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
