import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import type { TimedRace } from './fractions.ts';

/** Kernels of one race, the anchor among them: more would have too few turns each in the time of a race. */
const mostInRace = 10;

/** The races that the bench's folder keeps, one line each; a torn last line is left out. */
export function readRaces(path: string): TimedRace[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as TimedRace];
      } catch {
        return [];
      }
    });
}

export function keepRace(path: string, race: TimedRace): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(race)}\n`);
}

export interface RacePlan {
  readonly anchor: Trace;
  readonly contestants: readonly Trace[];
}

/**
 * The races that are still to be held so that every kernel has been in one with the anchor. The anchor of a workload's first race stays its anchor;
 * before there is one, the first of `kernels` is taken, which are to come fastest first. Null where the anchor of earlier races is not among them.
 */
export function racesMissing(kernels: readonly Trace[], held: readonly TimedRace[]): readonly RacePlan[] | null {
  const byKey = new Map(kernels.map((trace) => [scheduleKey(trace), trace]));
  const [first] = byKey.keys();
  if (first === undefined) return [];
  const anchorKey = held[0]?.anchor ?? first;
  const anchor = byKey.get(anchorKey);
  if (anchor === undefined) return null;
  const raced = new Set(held.flatMap(({ times }) => Object.keys(times)));
  const open = [...byKey].filter(([key]) => key !== anchorKey && !raced.has(key)).map(([, trace]) => trace);
  const races: RacePlan[] = [];
  for (let at = 0; at < open.length; at += mostInRace - 1)
    races.push({ anchor, contestants: open.slice(at, at + mostInRace - 1) });
  return races.length === 0 && held.length === 0 ? [{ anchor, contestants: [] }] : races;
}
