import type { Device } from '../../device/devices.ts';
import type { Artifact } from '../../ir/artifact.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { ReferenceTimes } from '../../records/relative-time.ts';
import type { MeasureRequest, MeasureResult, RaceOutcome, TimingBudget, WorkloadData } from '../runner.ts';

/**
 * What the parent says to the measuring process (`open`, `prepare`, `measure`, `race`) and to building ones (`open`, `build`). One at a time; `prepare`
 * before the first `measure` or `race`.
 */
export type ToChild =
  | {
      readonly kind: 'open';
      readonly device: Device;
      readonly budget: TimingBudget;
      readonly quietNs: ReferenceTimes | null;
      readonly quietWait: number;
    }
  | { readonly kind: 'prepare'; readonly data: WorkloadData }
  | { readonly kind: 'measure'; readonly request: MeasureRequest }
  | { readonly kind: 'race'; readonly requests: readonly MeasureRequest[]; readonly limitMs: number }
  | { readonly kind: 'build'; readonly artifact: Artifact };

/**
 * Stages of a trial that can outlast their time: compiling, the first real run, sampling; and what can only be slow.
 * The child says when a stage begins; the parent holds the clock, because a hung child holds none.
 */
export type TrialStage = 'build' | 'run' | 'verify' | 'sample';

export type FromChild =
  /** `hasReferences`: whether the measuring process has references to time beside candidates. */
  | { readonly kind: 'opened'; readonly description: DeviceDescription; readonly hasReferences: boolean }
  /** `internal`: a broken invariant of ours, not something a device or a candidate did. */
  | { readonly kind: 'failed'; readonly error: string; readonly internal: boolean }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'built' }
  | { readonly kind: 'stage'; readonly stage: TrialStage }
  /** Null where this process cannot hold one. */
  | { readonly kind: 'raced'; readonly outcome: RaceOutcome | null; readonly deviceLost: boolean }
  | { readonly kind: 'result'; readonly result: MeasureResult; readonly deviceLost: boolean };
