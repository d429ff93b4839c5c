import { type Candidate, candidateKey } from '../../search/strategy.ts';
import { refitted, scheduleOf } from '../refitted.ts';
import { type ShapeCase, scheduleIdentity } from './cases.ts';
import type { Estimator } from './estimator.ts';
import type { RuleSchedule } from './rules.ts';

/** A schedule that may become one of the rules', and the workloads whose logs it comes from. */
export interface PoolSchedule {
  readonly schedule: RuleSchedule;
  readonly from: ReadonlySet<string>;
}

/** Of each case so many of the fastest schedules are looked at, and so many in all. */
const fastestOfCase = 4;
const mostInPool = 320;

/** The fastest schedules of all cases, the fastest of each case first, each as it is and adapted to the shape. */
export function poolOf(cases: readonly ShapeCase[]): readonly PoolSchedule[] {
  const pool = new Map<string, { readonly schedule: RuleSchedule; readonly from: Set<string> }>();
  for (let place = 0; place < fastestOfCase; place++)
    for (const shape of cases) {
      const fast = shape.measured[place];
      if (fast === undefined) continue;
      const made = scheduleOf(shape.space, fast.candidate);
      for (const schedule of [made, { ...made, adapted: true as const }]) {
        const key = scheduleIdentity(schedule);
        const held = pool.get(key) ?? { schedule, from: new Set<string>() };
        if (!pool.has(key) && pool.size >= mostInPool) continue;
        pool.set(key, held);
        held.from.add(shape.workloadKey);
      }
    }
  return [...pool.values()];
}

/** Every schedule on every case: the candidate it is there after refitting, null where it is none. */
type Fits = readonly (readonly (Candidate | null)[])[];

export function fitsOf(cases: readonly ShapeCase[], pool: readonly PoolSchedule[]): Fits {
  return cases.map(({ space }) => pool.map(({ schedule }) => refitted(space, schedule)));
}

export interface TimeTable {
  /** Time over the best known of the case, less one; Infinity where the schedule does not fit. */
  readonly costs: readonly Float64Array[];
  /** 1 where the time was estimated. */
  readonly estimated: readonly Uint8Array[];
}

/**
 * Times of all schedules on all cases: those that were measured, and estimates of the others. `error`: what estimates are off by, as a logarithm; an
 * estimated schedule counts as so much slower, so that of two that seem alike the measured one is taken.
 */
export function timeTable(cases: readonly ShapeCase[], fits: Fits, estimator: Estimator, error: number): TimeTable {
  const costs: Float64Array[] = [];
  const estimated: Uint8Array[] = [];
  for (const [at, shape] of cases.entries()) {
    const row = fits[at] as readonly (Candidate | null)[];
    const open = row.filter((one): one is Candidate => one !== null && !shape.times.has(candidateKey(one)));
    const said = open.length === 0 ? new Float32Array(0) : estimator.logRatios(shape, open);
    const estimates = new Map(open.map((one, place) => [one, said[place] as number]));
    const isEstimate = new Uint8Array(row.length);
    costs.push(
      Float64Array.from(row, (one, schedule) => {
        if (one === null) return Number.POSITIVE_INFINITY;
        const timeNs = shape.times.get(candidateKey(one));
        if (timeNs !== undefined) return timeNs / shape.bestNs - 1;
        isEstimate[schedule] = 1;
        return Math.exp((estimates.get(one) as number) + error) - 1;
      }),
    );
    estimated.push(isEstimate);
  }
  return { costs, estimated };
}

/** The same table with some of the cases and some of the schedules. */
export function partOf(table: TimeTable, cases: readonly number[], schedules: readonly number[]): TimeTable {
  return {
    costs: cases.map((at) => Float64Array.from(schedules, (schedule) => table.costs[at]?.[schedule] as number)),
    estimated: cases.map((at) => Uint8Array.from(schedules, (schedule) => table.estimated[at]?.[schedule] as number)),
  };
}
