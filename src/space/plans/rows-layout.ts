import type { StageInfo } from '../stage.ts';

/** A grid wider than this is folded along z: half of what every device takes in one dimension. */
export const widestDispatch = 32768;

/** Decision indices of a rows plan (-1 where there is nothing to decide) and what it is about. */
export interface RowsLayout {
  /** Reductions in program order; the last stage writes the output and may itself be one of them. */
  readonly reductions: readonly StageInfo[];
  readonly final: StageInfo;
  /** How many leading spatial axes are rows. */
  readonly rowAxes: number;
  readonly rowCount: number;
  readonly lastRowExtent: number;
  /** Product of the reduction extents, and of the final stage's column extents (1 when it is a reduction). */
  readonly length: number;
  readonly columns: number;
  readonly subgroup: number;
  readonly lanes: number;
  readonly rows: number;
  readonly tree: number;
  readonly vector: number;
  readonly unroll: number;
}
