import type { Device } from '../../device/devices.ts';
import type { Artifact } from '../../ir/artifact.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { ReferenceTimes } from '../../records/reference-names.ts';
import type { MeasureRequest, MeasureResult, RaceOutcome, TimingBudget, WorkloadData } from '../runner.ts';

/**
 * Messages of the parent to the measuring process (`open`, `prepare`, `measure`, `race`) and to building ones (`open`, `build`), one at a
 * time; `prepare` comes before the first `measure` or `race`.
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
  | {
      readonly kind: 'race';
      readonly requests: readonly MeasureRequest[];
      readonly limitMs: number;
      readonly whole: number | null;
    }
  | { readonly kind: 'build'; readonly artifact: Artifact };

/**
 * Stages of a trial: compiling, the first real run and sampling can hang, verifying can only be slow.
 * The child says when a stage begins; the parent keeps the time, because a hung child cannot.
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
  /** `outcome`: null where this process cannot hold a race. */
  | { readonly kind: 'raced'; readonly outcome: RaceOutcome | null; readonly deviceLost: boolean }
  | { readonly kind: 'result'; readonly result: MeasureResult; readonly deviceLost: boolean };
