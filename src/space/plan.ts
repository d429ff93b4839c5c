import type { ScheduleBuilder } from './builder.ts';
import type { Decision } from './decision.ts';
import type { Nest } from './nest.ts';
import type { StageInfo } from './stage.ts';

/** Something that decided values may contradict each other in, whatever the rest: a vector that does not divide its tile, lanes that could only idle. */
export interface Conflict {
  /** Positions, in the plan, of the decisions that it depends on; -1 stands for none. */
  readonly about: readonly number[];
  /** The reason, or null. `values` and `first` as in Plan; what is undecided contradicts nothing. Allocates nothing. */
  readonly find: (values: Float64Array, first: number) => string | null;
}

/**
 * How a rule schedules one kernel (one stage, or a group of stages fused into it): its open decisions, the numbers that follow from
 * them, and the primitives they turn into. Rules look at the program's structure only; none of them knows an operator.
 */
export interface Plan {
  /** Name of the rule: `tiled`, `rows`, `turned`, `flat`, `matrix`. */
  readonly rule: string;
  readonly stages: readonly StageInfo[];
  readonly decisions: readonly Decision[];
  /**
   * Writes the plan's quantities to `out` from `offset`. `values` holds the sketch's decisions, this plan's from `first` on, NaN where
   * undecided. Allocates nothing.
   */
  readonly quantities: (values: Float64Array, first: number, out: Float64Array, offset: number) => void;
  /** The kernel's loops, stage after stage, for what depends on the order and the place of accesses. */
  readonly nests: readonly Nest[];
  /**
   * The same for those quantities alone that exact pruning compares with limits, so that features, of which there are many, cost it nothing.
   * May write others.
   */
  readonly sizes: (values: Float64Array, first: number, out: Float64Array, offset: number) => void;
  readonly conflicts: readonly Conflict[];
  readonly emit: (builder: ScheduleBuilder, value: (name: string) => number) => void;
}
