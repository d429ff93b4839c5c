import type { DType, Expr, Iter, ReduceOp } from '../ir/nodes.ts';

/** Integer arithmetic over axes, with which tensors are indexed. */
export interface Index {
  readonly kind: 'index';
  readonly expr: Expr;
  /** The tensors whose elements say where something lies (see `position`); missing where there are none. */
  readonly tensors?: ReadonlySet<Tensor>;
}
/** An element of a tensor or arithmetic on elements. */
export interface Value {
  readonly kind: 'value';
  readonly expr: Expr;
  readonly dtype: DType;
  readonly tensors: ReadonlySet<Tensor>;
}
/** The condition by which `select` chooses. */
export interface Condition {
  readonly kind: 'condition';
  readonly expr: Expr;
  readonly tensors: ReadonlySet<Tensor>;
}
/** An axis that a reduction runs over; made by `reductionAxis`, usable as an index. */
export interface ReductionAxis extends Index {
  readonly name: string;
  readonly extent: number;
}
/**
 * Values combined over reduction axes. It is the whole right-hand side of a `compute` (of a `computeTuple` where there are several values),
 * never part of a larger expression.
 */
export interface Reduction {
  readonly kind: 'reduction';
  readonly op: ReduceOp;
  readonly values: readonly Value[];
  readonly axes: readonly ReductionAxis[];
}

/** An input or the result of a stage. Row-major; extents in elements. */
export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The stage that computes it; null for an input. */
  readonly stage: Stage | null;
  /** An input that holds the same values in every run. */
  readonly isConstant: boolean;
  /** The element at the given indices, one per dimension. */
  readonly at: (...indices: readonly (Index | number)[]) => Value;
}

export interface AxisOf {
  readonly name: string;
  readonly extent: number;
  readonly type: Iter['type'];
}

/** One definition. It becomes one loop nest around one block, which computes one tensor, or several at once. */
export interface Stage {
  /** Name of the block. */
  readonly name: string;
  /** Spatial axes in the order of the tensor's dimensions, then the reduction axes. */
  readonly axes: readonly AxisOf[];
  /** One value per tensor. */
  readonly values: readonly Value[];
  readonly reduce: ReduceOp | null;
  /** The tensors it computes, in the order of its values; appended to while the stage is defined. */
  readonly tensors: Tensor[];
}
