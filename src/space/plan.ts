import type { ScheduleBuilder } from './builder.ts';
import type { Decision } from './decision.ts';
import type { StageInfo } from './stage.ts';

/**
 * How a rule schedules one kernel (one stage, or a group of stages fused into it): its open decisions, the numbers that follow from
 * them, and the primitives they turn into. Rules look at the program's structure only; none of them knows an operator.
 */
export interface Plan {
  /** Name of the rule: `tiled`, `rows`, `turned`, `flat`, `naive`. */
  readonly rule: string;
  readonly stages: readonly StageInfo[];
  readonly decisions: readonly Decision[];
  /**
   * Writes the plan's quantities to `out` from `offset`. `values` holds the sketch's decisions, this plan's from `first` on, NaN where
   * undecided. Allocates nothing.
   */
  readonly quantities: (values: Float64Array, first: number, out: Float64Array, offset: number) => void;
  /**
   * Whether decided values contradict each other whatever the rest (a vector that does not divide its tile, lanes that could only
   * idle): the reason, or null. Undecided values are NaN.
   */
  readonly conflict: (values: Float64Array, first: number) => string | null;
  readonly emit: (builder: ScheduleBuilder, value: (name: string) => number) => void;
}
