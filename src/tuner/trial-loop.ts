import type { MeasureResult } from '../measure/runner.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import { refutationOf } from '../records/refute.ts';
import { timeOf } from '../records/relative-time.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Observation, SearchStrategy } from '../search/strategy.ts';
import { type AttemptsOptions, createAttempts, type Prepared, type Proposal } from './attempts.ts';
import { createDisturbance } from './disturbance.ts';
import { createDriftWatch } from './drift-watch.ts';
import type { ModelName, TuneEvent, TuneResult } from './events.ts';
import { baselineOf, type FinalRace, finalRace, proposalOf } from './final-race.ts';
import { createIncumbent } from './incumbent.ts';
import { joinOldRuns, type Known, knownObservations } from './known.ts';
import type { Learning } from './learning/prepare.ts';
import { createRoundAccount, prunedOf } from './prune-account.ts';
import type { Reuse } from './retarget.ts';
import * as summary from './run-summary.ts';
import { createRunTimes } from './run-times.ts';
import { searched, transferProposals } from './searched.ts';
import type { TrialEffort } from './trial-effort.ts';

interface LoopOptions extends AttemptsOptions {
  readonly space: SketchSpace;
  readonly strategy: SearchStrategy;
  readonly effort: TrialEffort;
  readonly known: Known;
  readonly reuse: Reuse;
  readonly learning: Omit<Learning, 'strategy'>;
  readonly trials: number;
  /** The naive schedule would not end within a trial's time, so it is not run. */
  readonly naiveTooLong: boolean;
  readonly timeLimitMs: number | null;
  /** Trials in a row without a new best after which the run ends; null: never. */
  readonly patience: number | null;
  readonly modelName: ModelName;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: TuneEvent) => void;
}

type LoopOutcome = Omit<
  TuneResult,
  | 'workload'
  | 'device'
  | 'peaks'
  | 'speedup'
  | 'flopsPerSecond'
  | 'bytesPerSecond'
  | 'search'
  | 'model'
  | 'seed'
  | 'logPath'
  | 'logFolder'
> & {
  /** Records written. */
  readonly measured: number;
};

/** Candidates built ahead at once where the run ends by the clock. */
const aheadOfTheClock = 6;

/** The measured rounds of a tuning run: propose, build, verify, time, record, learn; until there is a reason to stop. */
export async function runTrials(options: LoopOptions): Promise<LoopOutcome> {
  const { workload, strategy, effort, known, onEvent, signal } = options;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const attempts = createAttempts(options);
  const account = createRoundAccount(strategy);
  const drift = createDriftWatch();
  const times = createRunTimes(known.quietNs);
  const disturbance = createDisturbance();
  const incumbent = createIncumbent({ ...options, times, run: options.log.run });
  let saidClock = false;
  const attempt = async (
    proposal: Proposal | Prepared,
    farBehindNs = incumbent.timeNs(),
    refutes?: (result: MeasureResult) => TuningRecord['refutes'],
  ): Promise<TuningRecord> => {
    const prepared = 'artifact' in proposal ? proposal : attempts.prepare(proposal);
    const record = await attempts.attempt(prepared, farBehindNs, refutes);
    disturbance.see(record);
    if (record.clock === 'wall' && !saidClock) {
      saidClock = true;
      onEvent({ kind: 'note', message: summary.wallClockNote });
    }
    return record;
  };
  const baseline = (): Proposal => baselineOf(workload);
  /** Reports it when the machine has become slower or faster since the earlier measurement of the same kernel. */
  const tellDrift = (earlier: VerifiedRecord, again: TuningRecord): void => {
    const moved = drift.see(earlier, again);
    const [beforeNs, timeNs] = [times.of(earlier), times.of(again)];
    if (moved?.beyondIntervals && beforeNs !== null && timeNs !== null)
      onEvent({ kind: 'drift', beforeNs, timeNs, ratio: moved.ratio });
  };
  /** How many times as long as in the logs kernels take now, judged by the naive schedule; 1 while that is not known. */
  let machine = 1;
  /** Measures a record's kernel once more, unless its schedule is not legal any more. A result that does not bear the record out refutes it. */
  const confirm = async (earlier: VerifiedRecord, farBehindNs: number | null): Promise<TuningRecord | null> => {
    const proposal = proposalOf(earlier, workload);
    if (proposal === null) return null;
    const again = await attempt(proposal, farBehindNs, (result) => refutationOf(earlier, result, machine));
    if (again.refutes === null) tellDrift(earlier, again);
    else onEvent({ kind: 'disbelieved', record: earlier.id, timeNs: timeOf(earlier), why: again.refutes.reason });
    incumbent.keep(again, again.refutes === null && incumbent.isFromLog());
    return again;
  };
  const confirmBest = async (): Promise<void> => {
    const best = incumbent.record();
    if (best !== null) await confirm(best, incumbent.timeNs());
  };

  // Records without a time on the quiet machine compare only within their run: the ones that this run relies on are timed again.
  const isOld = (record: TuningRecord | null): boolean =>
    record !== null && record.relative === null && options.runner.hasReferences === true;
  const timedAgain: { old: TuningRecord; timeNs: number }[] = [];
  const knownNaive = known.naive !== null && isVerified(known.naive) ? known.naive : null;
  let naive = isOld(knownNaive) ? null : knownNaive;
  const naiveNs = (): number | null => (naive === null ? null : times.of(naive));
  const naiveFromLog = naive !== null;
  const first = incumbent.record();
  const oldBest = isOld(first) ? first : null;
  if (oldBest !== null) incumbent.crown(null, false);
  if (naive === null && !options.naiveTooLong) {
    const record = await attempt(baseline());
    if (isVerified(record)) {
      naive = record;
      const timeNs = naiveNs();
      if (knownNaive !== null && timeNs !== null) timedAgain.push({ old: knownNaive, timeNs });
    }
    incumbent.keep(record);
    onEvent({ kind: 'baseline', timeNs: naiveNs(), outcome: record.outcome, error: record.error, fromLog: false });
  } else if (naive !== null) onEvent({ kind: 'baseline', timeNs: naiveNs(), outcome: 'ok', error: '', fromLog: true });
  if (oldBest !== null) {
    const again = await confirm(oldBest, null);
    const timeNs = again === null ? null : times.of(again);
    if (timeNs !== null) timedAgain.push({ old: oldBest, timeNs });
    if (again !== null && isVerified(again) && incumbent.record() === again) incumbent.crown(again, true);
  }
  const learnt = knownObservations(
    options.space,
    known.records,
    (record) => known.table.against(record) === null,
    joinOldRuns(known.records, timedAgain, (record) => times.of(record)),
  );
  if (learnt.length > 0) await strategy.observe(learnt);

  let trials = 0;
  let lastGain = 0;
  /** The best time after each trial. */
  const bestNs: (number | null)[] = [];
  let round = 0;
  let stoppedBy: TuneResult['stoppedBy'] = 'trials';
  const stopReason = (): TuneResult['stoppedBy'] | null =>
    summary.reasonToStop(options, { elapsedMs: elapsed(), trials, withoutGain: trials - lastGain });
  const isOver = (): boolean => stopReason() !== null;
  if (known.suspects.length > 0 && !isOver()) {
    if (naive !== null && naiveFromLog) {
      const now = await attempt(baseline(), null);
      const nowNs = times.of(now);
      const beforeNs = naiveNs();
      if (nowNs !== null && beforeNs !== null) machine = nowNs / beforeNs;
      incumbent.keep(now);
    }
    for (const { record } of known.suspects) if (!isOver()) await confirm(record, null);
  }
  const finish = (record: TuningRecord): void => {
    trials++;
    const improved = incumbent.keep(record);
    if (improved) lastGain = trials;
    bestNs.push(incumbent.timeNs());
    const [timeNs, sinceMs] = [times.of(record), elapsed()];
    const state = {
      trial: trials,
      timeNs,
      bestNs: incumbent.timeNs(),
      improved,
      naiveNs: naiveNs(),
      elapsedMs: sinceMs,
    };
    onEvent(summary.trialEvent(record, options, state));
  };
  // What was built when the time is over is never measured.
  const mostAhead = options.timeLimitMs === null ? Number.POSITIVE_INFINITY : aheadOfTheClock;
  /** Measures all of these, in order, until the run is over; builds ahead what can be. */
  const measureAll = async <Item extends Proposal>(
    proposals: readonly Item[],
    onRecord: (item: Item, record: TuningRecord) => void,
  ): Promise<void> => {
    const prepared = proposals.map((proposal) => attempts.prepare(proposal));
    for (let at = 0, ready = 0; at < prepared.length && !isOver(); at++) {
      if (at >= ready) {
        ready = at + (await attempts.buildAhead(prepared.slice(at, at + mostAhead), isOver));
        if (isOver()) return;
      }
      const record = await attempt(prepared[at] as Prepared);
      onRecord(proposals[at] as Item, record);
      finish(record);
    }
  };

  // What was fast on other devices and for near shapes is measured here before the search proposes anything, so that the search learns from it.
  const moved: TuningRecord[] = [];
  await measureAll(transferProposals(options), (_, record) => moved.push(record));
  const [reused, refitted] = [
    moved.slice(0, options.reuse.schedules.length),
    moved.slice(options.reuse.schedules.length),
  ];
  const transferred = knownObservations(options.space, moved, undefined, (record) => times.of(record));
  if (transferred.length > 0) await strategy.observe(transferred);

  for (let stop = stopReason(); ; stop = stopReason()) {
    if (stop !== null) {
      stoppedBy = stop;
      break;
    }
    const proposals = effort.quickFirst(strategy.propose(Math.min(strategy.round, options.trials - trials)));
    if (proposals.length === 0) {
      stoppedBy = 'exhausted';
      break;
    }
    const results: Observation[] = [];
    await measureAll(
      proposals.map((candidate, at) => ({
        ...searched(candidate, round, options, at === 0 ? account() : null),
        expectedMs: effort.expectedMs(candidate),
      })),
      ({ candidate }, record) => {
        effort.see(candidate, record);
        results.push({ candidate, timeNs: incumbent.countedNs(record) });
      },
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
  // A run claims a ratio, and its best is one of several kernels that are nearly as fast: all of them are timed in the same moments.
  let race: FinalRace | null = null;
  const leader = incumbent.record();
  if (leader !== null && trials > 0 && !signal?.aborted) {
    const timed = incumbent.timed();
    race = await finalRace(
      incumbent.isFromLog() ? [...timed, leader] : timed,
      options.naiveTooLong ? null : baseline(),
      {
        ...{ workload, runner: options.runner, attempts, times, elapsedMs: elapsed() },
      },
    );
    if (race !== null) {
      const key = known.best === null ? null : scheduleKey(known.best.record.trace);
      incumbent.crown(race.winner, key === scheduleKey(race.winner.trace));
      if (race.naive !== null) naive = race.naive;
    } else if (!incumbent.isFromLog() && !naiveFromLog) await compareInTurn();
  }
  if (incumbent.record() === null) incumbent.chooseAgain();
  const best = incumbent.record();
  return {
    best: best === null ? null : summary.tunedKernel(best, times.of(best) ?? timeOf(best)),
    bestFromLog: incumbent.isFromLog(),
    naiveNs: naiveNs(),
    trials,
    packing: summary.packingResult(race?.entered ?? incumbent.timed(), (record) => incumbent.countedNs(record)),
    reuse: summary.reuseResult(options.reuse, reused),
    learning: summary.learningResult(options.learning, {
      refitted,
      bestNs: incumbent.isFromLog() ? [] : bestNs,
      timeOfRecord: (record) => times.of(record),
    }),
    outcomes: attempts.outcomes,
    pruned: prunedOf(strategy),
    drift: drift.summary(),
    disturbance: disturbance.summary(),
    race: race === null ? null : { contestants: race.entered.length, decided: race.decided },
    builtAhead: options.runner.aheadSummary?.() ?? null,
    elapsedMs: elapsed(),
    spentMs: { measure: attempts.spentMs(), ...strategy.spentMs },
    stoppedBy,
    measured: attempts.count(),
  };

  /** Where no race is held: times the naive schedule and the best once more. Noise only adds time, so the faster time of each stands. */
  async function compareInTurn(): Promise<void> {
    const again = naive === null && options.naiveTooLong ? null : await attempt(baseline());
    if (naive !== null && again !== null) tellDrift(naive, again);
    const timeNs = again === null ? null : times.of(again);
    const beforeNs = naiveNs();
    if (again !== null && isVerified(again) && timeNs !== null && (beforeNs === null || timeNs < beforeNs))
      naive = again;
    await confirmBest();
    // The naive schedule may turn out the faster of the two: then it is the best, as the log will say too.
    if (again !== null) incumbent.keep(again);
  }
}
