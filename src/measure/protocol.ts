import type { Device } from '../device/devices.ts';
import type { Artifact } from '../ir/artifact.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { MeasureRequest, MeasureResult, TimingBudget, WorkloadData } from './runner.ts';

/**
 * What the parent says to the measuring process (`open`, `prepare`, `measure`) and to building ones (`open`, `build`). One at a time; `prepare`
 * before the first `measure`.
 */
export type ToChild =
  | { readonly kind: 'open'; readonly device: Device; readonly budget: TimingBudget }
  | { readonly kind: 'prepare'; readonly data: WorkloadData }
  | { readonly kind: 'measure'; readonly request: MeasureRequest }
  | { readonly kind: 'build'; readonly artifact: Artifact };

/**
 * Stages of a trial that can outlast their time: compiling, the first real run, sampling; and what can only be slow.
 * The child says when a stage begins; the parent holds the clock, because a hung child holds none.
 */
export type Stage = 'build' | 'run' | 'verify' | 'sample';

export type FromChild =
  | { readonly kind: 'opened'; readonly description: DeviceDescription }
  /** `internal`: a broken invariant of ours, not something a device or a candidate did. */
  | { readonly kind: 'failed'; readonly error: string; readonly internal: boolean }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'built' }
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'result'; readonly result: MeasureResult; readonly deviceLost: boolean };
