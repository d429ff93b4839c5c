import type { hostCourses } from '../../src/testing/made-host.ts';

/** One search on one space with one seed, the unit of work that the bench hands to its worker processes. */
export interface Job {
  readonly space: string;
  readonly strategy: string;
  readonly seed: number;
  readonly trials: number;
  /** Trials of a round, the same for every strategy; each strategy's own choice when null. */
  readonly batch: number | null;
  /** Null: candidates have the recorded times. */
  readonly host: MadeTimes | null;
}

/** Times as they would be on a host whose speed changes (`measure/made-host.ts`). */
export interface MadeTimes {
  readonly course: keyof typeof hostCourses;
  /** Whether references run beside candidates, or samples count as they come. */
  readonly relative: boolean;
}

/** How a job ended. */
export interface Outcome {
  readonly job: Job;
  /** Fraction of the optimum after each trial: time of the fastest row over the best time found; 0 while everything failed. */
  readonly curve: readonly number[];
  /** Hash of the decisions in order: equal seeds must give equal hashes on any number of workers. */
  readonly decisions: string;
  /** Milliseconds in the search itself, learning included. */
  readonly searchMs: number;
}

/** The first trial (from 1) after which the fraction is reached, or null. */
export function trialsTo(curve: readonly number[], fraction: number): number | null {
  const at = curve.findIndex((reached) => reached >= fraction);
  return at < 0 ? null : at + 1;
}

/** The fraction reached after a number of trials; a search that ended early keeps what it had. */
export function reachedAfter(curve: readonly number[], trials: number): number {
  return curve[Math.min(trials, curve.length) - 1] ?? 0;
}

/** Quantile by linear interpolation; an unreached target counts as infinitely many trials. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
