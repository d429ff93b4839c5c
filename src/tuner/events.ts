import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Peaks } from '../ir/roofline.ts';
import type { AheadSummary, MeasureResult } from '../measure/runner.ts';
import type { Workload } from '../operators/workload.ts';
import type { Kinship } from '../records/device-key.ts';
import type { Outcome } from '../records/outcome.ts';
import type { RecordPlace } from '../records/standing.ts';
import type { Trace } from '../schedule/trace.ts';
import type { BeamDeath } from '../search/tally.ts';
import type { PassedOver } from './choose-best.ts';
import type { DriftSummary } from './drift-watch.ts';
import type { NearestKernel } from './learning/nearest-kernel.ts';

/** Ways to search; `auto` is Bayesian optimisation where the space can be enumerated, and the beam elsewhere. */
export const searchNames = ['auto', 'beam', 'bayesian', 'annealing', 'evolution', 'rank', 'random', 'grid'] as const;
export type SearchName = (typeof searchNames)[number];
export const modelNames = ['xgboost', 'own-trees', 'analytic', 'random'] as const;
export type ModelName = (typeof modelNames)[number];

/** Whether what judges candidates is named as a file, and not by its name. */
export function isModelFile(model: string): boolean {
  return /[./\\]/.test(model);
}

/** A kernel that was built, verified and timed, with the schedule that makes it. */
export interface TunedKernel {
  readonly trace: Trace;
  /** Null for the naive schedule and for schedules that come from no sketch. */
  readonly sketch: string | null;
  readonly decisions: Readonly<Record<string, number | string>>;
  readonly timeNs: number;
  /** One run of the kernels that run once for all runs with the same constant inputs, which the time leaves out; null where there are none. */
  readonly packNs: number | null;
  /** Id of its record. */
  readonly record: string;
}

/** Trials by how they ended. */
export type OutcomeTally = Readonly<Partial<Record<Outcome, number>>>;

/** Prefixes that were not gone on with, by reason, most frequent first. `depths[d]`: after d decisions. */
export type PruneSummary = readonly {
  readonly reason: string;
  readonly count: number;
  readonly depths: readonly number[];
}[];

/** What a tuning run reports while it goes on, in order. Rendering is up to the caller. */
export type TuneEvent =
  /** Something the user should know, e.g. that XGBoost is missing and what remedies it. */
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'device'; readonly device: DeviceDescription }
  /** The space: size is the number of complete assignments before pruning. */
  | {
      readonly kind: 'space';
      readonly sketches: readonly { readonly name: string; readonly decisions: number; readonly size: number }[];
    }
  /** What the logs already hold for this workload on this device; candidates among them are not measured again. */
  | {
      readonly kind: 'known';
      readonly records: number;
      readonly candidates: number;
      readonly bestNs: number | null;
      readonly naiveNs: number | null;
    }
  /** Records of the logs that are faster than the best but do not count, or make no kernel here. */
  | { readonly kind: 'passed-over'; readonly records: readonly PassedOver[] }
  /** An impossible time, or one that a later measurement does not bear out: its record does not count. */
  | { readonly kind: 'disbelieved'; readonly record: string; readonly timeNs: number; readonly why: string }
  /** Schedules of other devices' records, to be measured here before the search proposes any; see chooseReuse. */
  | {
      readonly kind: 'reuse';
      readonly schedules: number;
      readonly unfit: number;
      readonly devices: readonly string[];
    }
  /** What was learned elsewhere before the first trial, and the near workloads whose schedules are measured first. */
  | {
      readonly kind: 'sources';
      readonly sources: readonly { readonly name: string; readonly records: number }[];
      readonly neighbours: readonly string[];
      readonly spentMs: number;
    }
  /** The naive schedule's time; `fromLog` when it was measured by an earlier run. */
  | {
      readonly kind: 'baseline';
      readonly timeNs: number | null;
      readonly outcome: Outcome;
      readonly error: string;
      readonly fromLog: boolean;
    }
  /** A kernel measured again took longer or shorter than its confidence intervals explain: the machine has become slower or faster. */
  | {
      readonly kind: 'drift';
      readonly beforeNs: number;
      readonly timeNs: number;
      /** timeNs / beforeNs. */
      readonly ratio: number;
    }
  | {
      readonly kind: 'trial';
      /** From 1. */
      readonly trial: number;
      readonly of: number;
      readonly sketch: string;
      readonly decisions: Readonly<Record<string, number | string>>;
      readonly outcome: Outcome;
      readonly error: string;
      readonly timeNs: number | null;
      /** Of this run and the logs together. */
      readonly bestNs: number | null;
      readonly improved: boolean;
      readonly naiveNs: number | null;
      readonly elapsedMs: number;
      /** Estimate; null while there is nothing to estimate from. */
      readonly remainingMs: number | null;
    }
  /** The model has learned from everything so far. */
  | { readonly kind: 'learned'; readonly round: number; readonly observations: number; readonly fitMs: number };

/** What measuring the schedules of other devices' records here has given. */
export interface ReuseResult {
  /** Names of those devices, nearest first. */
  readonly devices: readonly string[];
  /** How many were measured here, and how many more do not fit this device. */
  readonly measured: number;
  readonly unfit: number;
  /** The fastest of them here; null where none gave the right answer. */
  readonly bestNs: number | null;
}

/** What logs of other workloads and devices, and models, have taught a run. */
export interface LearningResult {
  readonly sources: readonly {
    readonly name: string;
    readonly records: number;
    /**
     * What the source weighed in the end, by how well it agrees with what was measured here: a step of one in what it says of a time's logarithm was
     * believed to be such a step here. 0: it contradicts the measurements and was dropped. Null where the search asks no source.
     */
    readonly weight: number | null;
  }[];
  /** Near workloads whose schedules, refitted, were measured first, and the fastest of them here; null where none gave the right answer. */
  readonly neighbours: readonly string[];
  readonly neighboursNs: number | null;
  /** The trial, from 1, after which the best was within 5% of the best in the end; null where that is of an earlier run. */
  readonly nearBestAt: number | null;
  /** Milliseconds of learning before the first trial. */
  readonly spentMs: number;
}

/** What laying constant inputs out anew, once, is worth: the fastest kernel that does, and the fastest that does not, timed in turn. */
export interface PackingResult {
  readonly withNs: number;
  /** What it costs, once. */
  readonly packNs: number;
  /** Null where every kernel that was right does so. */
  readonly withoutNs: number | null;
}

/** What sharing the machine cost a run. */
export interface DisturbanceSummary {
  /** Milliseconds in which nothing was timed because the machine was not quiet. */
  readonly waitedMs: number;
  /** Trials that were timed, and how many of these had no quiet moment, so that their times are scaled by the references'. */
  readonly timed: number;
  readonly scaled: number;
}

export interface TuneResult {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  /** The fastest verified kernel known, of this run or of an earlier one on this device; null when nothing was ever right. */
  readonly best: TunedKernel | null;
  readonly bestFromLog: boolean;
  readonly naiveNs: number | null;
  /** naiveNs / best.timeNs. */
  readonly speedup: number | null;
  /** Throughput of the best, floating-point operations per second (a fused multiply-add counts 2). */
  readonly flopsPerSecond: number | null;
  /** Inputs and outputs moved once each, in the time of the best. */
  readonly bytesPerSecond: number | null;
  readonly trials: number;
  /** Null where no kernel was right that lays constant inputs out anew. */
  readonly packing: PackingResult | null;
  /** Null when no record of another device was reused. */
  readonly reuse: ReuseResult | null;
  /** Null where nothing was learned elsewhere. */
  readonly learning: LearningResult | null;
  readonly outcomes: OutcomeTally;
  readonly pruned: {
    readonly looked: number;
    readonly reasons: PruneSummary;
    /** Legal prefixes that the beam scored, and those with which it did not go on, by judgement: `outscored` or `no-completion`. */
    readonly judged: number;
    readonly cut: PruneSummary;
    /** Beams that had no legal child left, and backed up. */
    readonly deaths: readonly BeamDeath[];
  };
  /** The most that the device can do, with a margin; null where it was not measured. */
  readonly peaks: Peaks | null;
  readonly drift: DriftSummary;
  /** Null where no reference ran beside the candidates. */
  readonly disturbance: DisturbanceSummary | null;
  /** The race at the end; null where none was held. `decided`: false where time ran out before the winner was known. */
  readonly race: { readonly contestants: number; readonly decided: boolean } | null;
  /** What building in further processes did; null where the runner builds nothing. */
  readonly builtAhead: AheadSummary | null;
  readonly elapsedMs: number;
  readonly spentMs: { readonly measure: number; readonly propose: number; readonly fit: number };
  readonly stoppedBy: 'trials' | 'time' | 'patience' | 'exhausted' | 'interrupted';
  /** The strategy that ran; where `auto` was asked for, the one it chose. */
  readonly search: string;
  readonly model: ModelName;
  readonly seed: number;
  /** The log this run wrote; null when it measured nothing. */
  readonly logPath: string | null;
  readonly logFolder: string;
}

export interface TuneOptions {
  readonly workload: Workload;
  /** Name from `wgtune devices`; the best there is when absent. */
  readonly device?: string;
  readonly profile?: 'browser' | 'native';
  /** True: time with cold caches; such times count as those of another device. */
  readonly cold?: boolean;
  /** Candidates to measure; 64 when absent. */
  readonly trials?: number;
  /** Seconds that each trial may wait, on average, for a shared machine to be quiet, 0 for never; when absent 2.5, and under a time limit at most a third of it for all trials. */
  readonly quietWait?: number;
  /** Seconds after which no further trial is begun; no limit when absent. */
  readonly timeLimit?: number;
  /** The run ends after this many trials in a row without a new best; no such limit when absent. */
  readonly patience?: number;
  /** Seconds that one run of a candidate may take before it is ended; the device's usual limit (10 on a CPU, 5 on a GPU) when absent. */
  readonly trialTimeout?: number;
  readonly seed?: number;
  readonly search?: SearchName;
  readonly model?: ModelName;
  /** Where logs are read and written; `tuning-logs` when absent. */
  readonly logFolder?: string;
  /** Folder of the logs that are only read; that of the logs that ship with wgtune when absent, none when null. */
  readonly shippedLogs?: string | null;
  /** False: begin as if nothing were known (the log is written all the same). */
  readonly useKnown?: boolean;
  /** False: neither begin with what records of other devices say nor learn from other records of the log folder. */
  readonly useOthers?: boolean;
  /** Schedules of near workloads, refitted, that are measured first; 3 when absent, and never more than a quarter of the trials. */
  readonly nearSchedules?: number;
  /** Further logs to learn from, files or folders: of other workloads, of other devices, or of both. They are only read. */
  readonly learnFrom?: readonly string[];
  /** Files of models that `learnModel` wrote: a start for this run's own. */
  readonly models?: readonly string[];
  /** The words of the command line that asks for the run, for its log. */
  readonly command?: readonly string[];
  /** Aborting ends the run after the trial at hand is recorded. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TuneEvent) => void;
}

/** The best known kernel of a workload, and which device it was measured on. */
export interface BestKernel extends TunedKernel {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly whose: Kinship;
  /** In which facts its device differs from the one at hand; none where it is the same. */
  readonly differs: readonly string[];
  readonly startedAt: string;
  readonly artifact: Artifact;
  /** Where its record stands in the logs. */
  readonly place: RecordPlace | null;
  /** Whether its record is of the logs that ship with wgtune, and so never of this machine, also where the device is the same. */
  readonly shipped: boolean;
  /** Why its time is doubted; it is the best only for want of any other. Null where nothing speaks against it. */
  readonly doubt: string | null;
  /** Faster or nearer records that do not count or make no kernel on the device. */
  readonly passedOver: readonly PassedOver[];
  /** What is wrong with lines of the logs, in sentences: the best was chosen without these lines. */
  readonly broken: readonly string[];
}

/** A schedule verified and timed once more. */
export interface RunResult {
  readonly workload: Workload;
  readonly device: DeviceDescription;
  readonly result: MeasureResult;
  readonly trace: Trace;
  readonly artifact: Artifact;
  readonly flopsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  /** What the logs say of the schedule where it is the best known one; null where it was given. */
  readonly known: BestKernel | null;
  /** The nearest workload's schedule, where that was asked for and none of this workload is known. */
  readonly nearest: NearestKernel | null;
}
