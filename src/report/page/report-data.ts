import type { DeviceDescription } from '../../ir/limits.ts';
import type { Peaks } from '../../ir/roofline.ts';
import type { Workload } from '../../operators/workload.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Launch, Origin, RoundAccount } from '../../records/record.ts';

/** A number for each phase of a trial, milliseconds. `ahead` is spent by another process beforehand, and not in the others. */
export interface TrialPhases {
  readonly lower: number;
  readonly build: number;
  readonly verify: number;
  /** Timing: waiting for a quiet machine, kernels running, and the rest. */
  readonly wait: number;
  readonly kernel: number;
  readonly timing: number;
  readonly ahead: number;
}

/** The phases in the order in which a trial goes through them. */
export const phaseNames = [
  'lower',
  'build',
  'verify',
  'wait',
  'kernel',
  'timing',
  'ahead',
] as const satisfies readonly (keyof TrialPhases)[];

/** One record, without its schedule and its samples. */
export interface ReportTrial {
  /** Index of its run in the subject. */
  readonly run: number;
  /** Number in the run, from 0, and line in the run's file, from 1. */
  readonly trial: number;
  readonly line: number;
  /** Seconds from the beginning of the run to the end of the trial. */
  readonly at: number;
  readonly origin: Origin;
  readonly outcome: Outcome;
  readonly sketch: string | null;
  readonly decisions: Readonly<Record<string, number | string>>;
  /** See timeOf; null where it was not timed. */
  readonly timeNs: number | null;
  /** Whether it was verified and nothing speaks against it: only then its time counts. */
  readonly counts: boolean;
  /** Why a verified time does not count. */
  readonly against: string | null;
  readonly round: number | null;
  readonly score: number | null;
  readonly error: string;
  readonly phases: TrialPhases;
  /** Place in the race at the end of the run, from 1. */
  readonly place: number | null;
  /** Bytes that the kernels load from and store to storage, by the schedule's estimate; null where it has none. */
  readonly bytes: number | null;
}

/** What is known of a round of the search. */
export interface ReportRound extends RoundAccount {
  readonly round: number;
  /** Number of its first trial, and when that began. */
  readonly trial: number;
  readonly at: number;
}

export interface ReportRun {
  readonly name: string;
  readonly file: string;
  readonly startedAt: string;
  readonly seed: number;
  /** The strategy and the model of its first searched trial. */
  readonly search: string | null;
  readonly model: string | null;
  readonly tool: string;
  /** Null where the log does not hold it. */
  readonly launch: Launch | null;
  readonly records: number;
  readonly seconds: number;
  readonly rounds: readonly ReportRound[];
  /** Means of the whole run's phases are made of all its records, drawn or not. */
  readonly phases: TrialPhases;
}

/** The trials whose code is in the report, with what makes it. */
export interface ReportCode {
  /** Why this trial was chosen, and its index among the drawn trials. */
  readonly label: string;
  readonly trial: number;
  readonly loops: string;
  readonly wgsl: string;
  readonly steps: readonly string[];
  /** Terms of the analytic model, as shares of the model's time for the best; empty where the schedule comes from no sketch. */
  readonly costs: readonly { readonly term: string; readonly cost: number }[];
  /** The schedule's estimate by name, all kernels. */
  readonly facts: readonly { readonly name: string; readonly unit: string; readonly value: number }[];
}

/** How much a decision matters, two ways. */
export interface DecisionWeight {
  readonly sketch: string;
  readonly name: string;
  readonly doc: string;
  /** Loss of rank correlation of a model of the trials when the decision's values are shuffled; null where no model could be fitted. */
  readonly permuted: number | null;
  /** Trials by which that was judged. */
  readonly judged: number;
  /** The best trial's option; the best time with another option over the best of all, and how many trials had either. */
  readonly option: number | string;
  readonly gap: number | null;
  readonly having: number;
  readonly others: number;
}

/** How well a model judges prefixes of so many decisions. */
export interface DepthQuality {
  readonly sketch: string;
  readonly depth: number;
  readonly decisions: number;
  /** Fraction of pairs in the right order, and of how many pairs. */
  readonly pairwise: number | null;
  readonly pairs: number;
  /** Of the eight fastest held out, the fraction among the eight best judged. */
  readonly recall: number | null;
  readonly trials: number;
}

/** What a model, fitted to the trials of a subject, says; `note` where it could not be asked. */
export interface Learned {
  readonly note: string | null;
  readonly weights: readonly DecisionWeight[];
  readonly depths: readonly DepthQuality[];
  /** Held-out trials: predicted and measured time relative to the best. */
  readonly calibration: readonly { readonly predicted: number; readonly measured: number }[];
}

/** Floating-point operations and bytes of a workload, and the least time that the measured peaks allow. */
export interface Roof {
  readonly flops: number;
  readonly bytes: number;
  /** Peaks as measured, without the margin that pruning adds; null where the run measured none. */
  readonly peaks: Peaks | null;
  readonly leastNs: number | null;
}

/** A workload on a device, in detail. */
export interface Subject {
  readonly workload: Workload;
  readonly title: string;
  readonly device: DeviceDescription;
  readonly runs: readonly ReportRun[];
  /** How many records there are, and which of them are drawn: the best, failures and a sample of the rest. */
  readonly records: number;
  readonly trials: readonly ReportTrial[];
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Index of the best drawn trial, and the fastest time of the naive schedule. */
  readonly best: number | null;
  readonly naiveNs: number | null;
  readonly roof: Roof | null;
  /** Moves of kernels that were timed again, later time over earlier. */
  readonly drift: readonly { readonly ratio: number; readonly beyond: boolean }[];
  readonly codes: readonly ReportCode[];
  readonly learned: Learned;
}

/** A workload on a device, in one line. */
export interface ReportCell {
  readonly workload: string;
  readonly device: string;
  readonly records: number;
  readonly bestNs: number | null;
  readonly naiveNs: number | null;
  /** Whether the report has it in detail. */
  readonly detailed: boolean;
}

/** What the best schedule of one device takes on another, where it was measured there. */
export interface Regret {
  readonly workload: string;
  readonly from: string;
  readonly to: string;
  readonly timeNs: number;
  readonly bestNs: number;
}

export interface ReportData {
  readonly tool: string;
  readonly made: string;
  readonly files: number;
  readonly records: number;
  /** Lines that could not be read. */
  readonly broken: number;
  readonly subjects: readonly Subject[];
  readonly cells: readonly ReportCell[];
  readonly regrets: readonly Regret[];
}
