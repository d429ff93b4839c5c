import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Outcome, Verification } from '../records/outcome.ts';
import type { ReferenceName } from '../records/reference-names.ts';
import type { RelativeTime } from '../records/relative-time.ts';

/** The bytes of one input buffer, already in its dtype, little endian. */
export interface InputData {
  readonly buffer: string;
  readonly bytes: Uint8Array;
}

/** Output elements and their expected values. `positions` are flat row-major indices; null stands for all elements. */
export interface OutputCheck {
  readonly buffer: string;
  readonly positions: Uint32Array | null;
  readonly expected: Float64Array;
  /** |got - expected| <= absolute + relative * |expected|; both 0 asks for equality bit for bit (except that -0 equals 0). */
  readonly absoluteTolerance: number;
  readonly relativeTolerance: number;
  /** The allowed error of each element; where it is given, the tolerances are ignored. */
  readonly allowed?: Float64Array;
  /** Of a candidate's check: it takes the place of the workload's own checks of the output, because the candidate rounds otherwise. */
  readonly isInstead?: true;
}

/** Further inputs of a workload; a candidate must be right with these as well before its time counts. */
export interface FurtherInputs {
  /** One word, for messages and records. */
  readonly name: string;
  readonly inputs: readonly InputData[];
  readonly checks: readonly OutputCheck[];
}

/** The data that all candidates of one workload share; sent to the device once. */
export interface WorkloadData {
  readonly inputs: readonly InputData[];
  readonly checks: readonly OutputCheck[];
  readonly further?: readonly FurtherInputs[];
}

export interface TimingBudget {
  /** Wall milliseconds for compiling (creation of pipelines and the first dispatch). */
  readonly buildTimeoutMs: number;
  /** Wall milliseconds any single submission may take before the child is killed. */
  readonly runTimeoutMs: number;
  /** One sample holds enough dispatches to last at least this long. */
  readonly minSampleMs: number;
  readonly minSamples: number;
  readonly maxSamples: number;
  /** Wall milliseconds of sampling after which no further sample is begun. */
  readonly maxTotalMs: number;
  /** Milliseconds the device works before a pass counts as a sample. */
  readonly warmUpMs: number;
  /** Further samples, and further wall milliseconds, before a candidate is called unstable. */
  readonly extraSamples: number;
  readonly extraMs: number;
  /** Sampling stops once the half-width of the median's confidence interval is below this fraction of the median. */
  readonly targetSpread: number;
}

export interface MeasureRequest {
  readonly artifact: Artifact;
  /** Further checks for this candidate only (positions at its own tile boundaries). */
  readonly checks?: readonly OutputCheck[];
  /** Best median so far, ns: a candidate whose first sample is far behind is not sampled further. */
  readonly bestNs: number | null;
}

export interface MeasureResult {
  readonly outcome: Outcome;
  /** Full error text; empty when the outcome is `ok`. */
  readonly error: string;
  /** Nanoseconds of one run of all kernels, one number per sample. */
  readonly samplesNs: readonly number[];
  /** Median of the samples, or null when there is none. */
  readonly medianNs: number | null;
  /** The time on the quiet machine, by the references timed beside the candidate; null where there are none. */
  readonly relative: RelativeTime | null;
  /** Nanoseconds of one run of each reference, taken beside each sample; null where there are none. */
  readonly references: Readonly<Record<ReferenceName, readonly number[]>> | null;
  /** `timestamp` from the device's clock, `wall` when it has no usable one. */
  readonly clock: 'timestamp' | 'wall' | null;
  /** True when sampling was cut short because the candidate was far behind the best. */
  readonly stoppedEarly: boolean;
  readonly verification: Verification | null;
  /**
   * Milliseconds: `build` is pipelines and first dispatch, `time` the first run and timing, `total` the whole trial. Parts of `time` are `kernel`,
   * in which the kernels ran by the clock, and `wait`, spent waiting for a quiet machine. `ahead`: what another process spent on building the
   * candidate before the trial, not part of the total. `pack`: one run, by the clock, of the kernels that run once for all runs with the same
   * constant inputs, which no sample holds.
   */
  readonly phasesMs: {
    readonly build: number;
    readonly verify: number;
    readonly time: number;
    readonly total: number;
    readonly kernel?: number;
    readonly wait?: number;
    readonly ahead?: number;
    readonly pack?: number;
  };
}

/** The outcome of a race, in the order of the requests: a result each, and a place from 1, null for kernels that took no part. */
export interface RaceOutcome {
  readonly results: readonly MeasureResult[];
  readonly places: readonly (number | null)[];
  readonly decided: boolean;
}

/** Builds, verifies and times artifacts, one at a time. Implementations: Dawn in a child process, recorded measurements. */
export interface Runner {
  readonly device: DeviceDescription;
  /** Whether references are timed beside candidates, so that results have a relative time. */
  readonly hasReferences?: boolean;
  /** Gives the device a workload's data; must be called before measure, and again when the workload changes. */
  prepare(data: WorkloadData): Promise<void>;
  /** Never rejects for anything a candidate does: a crash or a hang is a result. Rejects with UserError when the device cannot be used at all. */
  measure(request: MeasureRequest): Promise<MeasureResult>;
  /**
   * Builds the first few of these artifacts in further processes, so that `measure`, which must come next for them, finds them compiled. Returns
   * how many it took, 0 where building ahead gains nothing. It changes only how long a trial takes: for a candidate that kills or hangs such a
   * process, `measure` answers `crash` or `build-timeout`. `stopped` is asked before each build. `expectedMs`: what
   * all of these builds are expected to take. Absent where nothing is built.
   */
  buildAhead?(artifacts: readonly Artifact[], stopped: () => boolean, expectedMs?: number): Promise<number>;
  /** Absent where nothing is built. */
  aheadSummary?(): AheadSummary;
  /**
   * Times all of these in turn for at most `limitMs`, until it is known which is the fastest (`race.ts`); the order of the requests decides ties.
   * With `whole`, exactly so many rounds are held of all, unless time runs out. Null where the process died or the device cannot hold a race;
   * absent where nothing is timed.
   */
  race?(requests: readonly MeasureRequest[], limitMs: number, whole?: number): Promise<RaceOutcome | null>;
  close(): Promise<void>;
}

/** What building ahead did so far. */
export interface AheadSummary {
  readonly processes: number;
  /** Candidates that were built ahead. */
  readonly candidates: number;
  /** Wall milliseconds in which nothing was measured because of building ahead. */
  readonly waitedMs: number;
  /** Why building ahead was given up, in one sentence; null where it was not. */
  readonly gaveUp: string | null;
}
