import type { StageInfo } from '../stage.ts';

/** Where each decision of a tiled plan stands, and what it is about; shared by its quantities and its emission. */
export interface TiledLayout {
  readonly stage: StageInfo;
  /** Positions (in the block's iters) of the spatial iters, outermost first. */
  readonly spatial: readonly number[];
  readonly reduction: readonly number[];
  /** Decision index of `registers` and `invocations` for each spatial iter, of `step` for each reduction iter; -1 where fixed at 1. */
  readonly registers: readonly number[];
  readonly invocations: readonly number[];
  readonly step: readonly number[];
  /** Decision index of how many elements of the innermost reduction axis are loaded together and written out; -1 where 1. */
  readonly together: number;
  /** Decision index of `stage` for each read; -1 where it never is. */
  readonly staged: readonly number[];
  readonly vector: number;
  readonly unroll: number;
  readonly elementBytes: number;
}
