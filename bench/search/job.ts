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
