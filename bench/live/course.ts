import { isVerified, type TuningRecord, type VerifiedRecord } from '../../src/records/record.ts';
import { timeOf } from '../../src/records/relative-time.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { trialsOf } from './runs.ts';

/** A new best of a run. */
export interface Lead {
  /** Trials made until then, and seconds since the run began: parts of a run follow on each other. */
  readonly trials: number;
  readonly seconds: number;
  readonly timeNs: number;
  readonly trace: Trace;
}

/** How a run went. */
export interface Course {
  readonly trials: number;
  readonly seconds: number;
  /** New bests in order, each faster than the one before by what was measured of it then. */
  readonly leads: readonly Lead[];
  /** The winner of the race that the last part held; null where none was held or the run is not over. */
  readonly raced: Trace | null;
}

/** The course of a run from its records, in the order of the log. A naive schedule is no trial and no lead. `isOver`: whether no trial is missing. */
export function courseOf(records: readonly TuningRecord[], isOver: boolean): Course {
  const leads: Lead[] = [];
  let trials = 0;
  let seconds = 0;
  let best = Number.POSITIVE_INFINITY;
  for (const part of partsOf(records)) {
    const begun = Date.parse((part[0] as TuningRecord).startedAt);
    let ended = begun;
    const counted = new Set(trialsOf(part));
    for (const record of part) {
      ended = Math.max(ended, Date.parse(record.startedAt) + record.durationMs);
      if (!counted.has(record)) continue;
      trials++;
      const timeNs = isVerified(record) ? timeOf(record) : null;
      if (timeNs === null || timeNs >= best) continue;
      best = timeNs;
      leads.push({ trials, seconds: seconds + (ended - begun) / 1000, timeNs, trace: record.trace as Trace });
    }
    seconds += (ended - begun) / 1000;
  }
  return { trials, seconds, leads, raced: isOver ? racedOf(records) : null };
}

/** Records by the part of the run that wrote them, parts in the order in which they began. */
function partsOf(records: readonly TuningRecord[]): readonly (readonly TuningRecord[])[] {
  const parts = new Map<string, TuningRecord[]>();
  for (const record of records) {
    const part = parts.get(record.run);
    if (part === undefined) parts.set(record.run, [record]);
    else part.push(record);
  }
  const begin = (part: readonly TuningRecord[]): number => Date.parse((part[0] as TuningRecord).startedAt);
  return [...parts.values()].sort((a, b) => begin(a) - begin(b));
}

/** The winner of the last race, where it is a kernel of the search and not the naive schedule. */
function racedOf(records: readonly TuningRecord[]): Trace | null {
  const winners = records.filter(
    (record): record is VerifiedRecord =>
      record.race?.place === 1 && record.origin !== 'baseline' && isVerified(record),
  );
  const last = winners.reduce<VerifiedRecord | null>(
    (latest, next) => (latest === null || next.startedAt >= latest.startedAt ? next : latest),
    null,
  );
  return last === null ? null : (last.trace as Trace);
}

/** The kernel that a run would end with after so many trials: what was the fastest then, or, after all of them, the race's winner. Null before the first. */
export function winnerAfter(course: Course, trials: number): Trace | null {
  if (course.raced !== null && trials >= course.trials) return course.raced;
  return course.leads.filter((lead) => lead.trials <= trials).at(-1)?.trace ?? null;
}

/** The fastest kernel by what was measured within so many seconds; null before the first. */
export function winnerWithin({ leads }: Course, seconds: number): Trace | null {
  return leads.filter((lead) => lead.seconds <= seconds).at(-1)?.trace ?? null;
}
