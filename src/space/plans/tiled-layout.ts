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
  /** For each reduction axis: whether its steps may be cut into whole ones and a rest. */
  readonly standsAlone: readonly boolean[];
  /** For each read: whether its tile moves evenly along each reduction axis, so that two tiles can take turns. */
  readonly moves: readonly (readonly boolean[])[];
  /** Decision indices of what tiled-edges.ts is about; -1 where there is nothing to decide. */
  readonly rowPadding: number;
  readonly doubled: number;
  readonly gridParts: number;
  readonly stepParts: number;
  readonly elementBytes: number;
}
