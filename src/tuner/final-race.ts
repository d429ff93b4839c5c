import { type Artifact, wgslOf } from '../ir/artifact.ts';
import type { Runner } from '../measure/runner.ts';
import { reachingFastest } from '../measure/sampling/race.ts';
import type { Workload } from '../operators/workload.ts';
import { isVerified, type TuningRecord, type VerifiedRecord } from '../records/record.ts';
import { scheduleKey } from '../records/schedule-key.ts';
import { isFault, replay } from '../schedule/replay.ts';
import { isRefusal } from '../support/refusal.ts';
import type { Attempts, Prepared, Proposal } from './attempts.ts';
import { naiveOf, programOf } from './build.ts';
import type { RunTimes } from './run-times.ts';

/** The race may take this share of the run's time, and at least this many milliseconds, so that a short run has one too. */
const share = 0.1;
const leastMs = 1_000;

export interface FinalRace {
  /** The record of the race's winner, and that of the naive schedule, null where it took no part. */
  readonly winner: VerifiedRecord;
  readonly naive: VerifiedRecord | null;
  /** The records of all that took part. */
  readonly entered: readonly TuningRecord[];
  readonly decided: boolean;
}

interface FinalRaceOptions {
  readonly workload: Workload;
  readonly runner: Runner;
  readonly attempts: Attempts;
  readonly times: RunTimes;
  /** Milliseconds of the run so far. */
  readonly elapsedMs: number;
}

/**
 * Times all kernels that may be the fastest, and the naive schedule (`baseline`, null where it takes too long), in turn in one process, and
 * enters a record of each. Null where the runner holds no races, or the race has no winner.
 */
export async function finalRace(
  records: readonly VerifiedRecord[],
  baseline: Proposal | null,
  { workload, runner, attempts, times, elapsedMs }: FinalRaceOptions,
): Promise<FinalRace | null> {
  if (runner.race === undefined) return null;
  const proposals = [...mayBeFastest(records, times).map((record) => proposalOf(record, workload)), baseline];
  const prepared = proposals
    .flatMap((proposal) => (proposal === null ? [] : [attempts.prepare(proposal)]))
    .filter((one): one is Prepared & { readonly artifact: Artifact } => !isRefusal(one.artifact))
    .sort((a, b) => byPlainness(a.artifact, b.artifact));
  const startedAt = new Date();
  const outcome = await attempts.race(prepared, Math.max(leastMs, share * elapsedMs));
  if (outcome === null) return null;
  const entered = attempts.enterRace(prepared, outcome, startedAt);
  const winner = entered.find((record) => record.race?.place === 1);
  if (winner === undefined || !isVerified(winner)) return null;
  const naive = entered.find((record) => record.origin === 'baseline');
  return {
    winner,
    naive: naive !== undefined && isVerified(naive) ? naive : null,
    entered,
    decided: outcome.decided,
  };
}

/**
 * The records whose intervals reach the fastest's, fastest first, each schedule once; and where some of them have kernels that run once and
 * some have not, the fastest of either, so that their times compare.
 */
function mayBeFastest(records: readonly VerifiedRecord[], times: RunTimes): readonly VerifiedRecord[] {
  const bySchedule = new Map<string, VerifiedRecord>();
  // Of several measurements of a schedule, the last one stands.
  for (const record of records) if (record.origin !== 'baseline') bySchedule.set(scheduleKey(record.trace), record);
  const rivals = [...bySchedule.values()];
  const fastest = (among: readonly VerifiedRecord[]): readonly VerifiedRecord[] =>
    reachingFastest(among.map((record) => times.intervalOf(record))).map((index) => among[index] as VerifiedRecord);
  const packs = ({ phasesMs }: VerifiedRecord): boolean => phasesMs.pack !== undefined;
  const kinds = [rivals.filter(packs), rivals.filter((record) => !packs(record))];
  return [...new Set([...fastest(rivals), ...kinds.flatMap((kind) => fastest(kind).slice(0, 1))])];
}

/** The naive schedule, to be tried. */
export function baselineOf(workload: Workload): Proposal {
  return { scheduled: naiveOf(workload), origin: 'baseline', sketch: null, decisions: {}, search: null };
}

/** Null where the schedule of an earlier run is not legal any more. */
export function proposalOf(record: TuningRecord, workload: Workload): Proposal | null {
  const { trace, sketch, decisions } = record;
  const program = replay(programOf(workload), trace);
  if (isFault(program)) return null;
  return { scheduled: { trace, program }, origin: 'replay', sketch, decisions, search: null };
}

/** The order that decides between equally fast schedules: fewer kernels, then less text, then an arbitrary but fixed one. */
function byPlainness(a: Artifact, b: Artifact): number {
  const [left, right] = [wgslOf(a), wgslOf(b)];
  return a.kernels.length - b.kernels.length || left.length - right.length || (left < right ? -1 : 1);
}
