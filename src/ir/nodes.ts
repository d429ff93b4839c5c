/**
 * The whole grammar of wgtune's loop-nest IR. Nodes are immutable; every name (loop, block, buffer, iteration variable's owner)
 * is unique within a program and is its identity, so that a trace can refer to it and a rewrite never leaves a dangling pointer.
 *
 *   program  = buffers  stmt*                        -- each top-level statement becomes one kernel, in order
 *   stmt     = for | block | seq
 *   for      = "for" var "in" extent  mode  stmt
 *   mode     = serial | unrolled | vectorized | matrix | workgroup.{x,y,z} | invocation.{x,y,z} | subgroup.x
 *   block    = name  iter*  predicate*  write*  reducer?   -- TensorIR's block: the unit that primitives move and rewrite
 *   iter     = name  extent  (spatial | reduction | ordered)  binding-expr        -- binding in terms of the loops around the block
 *   write    = buffer [ index-expr* ]  value-expr                      -- in terms of the iters
 *   expr     = int | float | var | load | unary | binary | select | cast
 *
 * A block without a reducer stores the values. A block with one has as many writes as the reducer combines values (reducers.ts): it
 * combines the tuple of values into the tuple of elements, all old elements being read before the first new one is stored, and, when
 * `initialises` is set, first stores the reducer's identity whenever all its reduction iters are zero.
 * Workgroup loops on one axis that stand side by side take consecutive ranges of it: they are parts of one grid, and no workgroup runs two.
 * A subgroup loop of 2^n iterations runs on the lanes of a subgroup, the innermost invocations along x. No other lane loop may carry a
 * reduction: the lanes combine their terms, and each of them then has the result, in private memory. A subgroup loop that writes a subgroup
 * buffer spreads its elements over the lanes.
 * Matrix loops stand directly in each other around one block: rows, columns and, for a product, the reduction. One subgroup runs them
 * together, as matrix instructions where the device has them (see subgroupMatrix); they mean the same as serial loops.
 * Loops count from 0 in steps of 1 up to a constant extent. Index arithmetic is on mathematical integers: `div` and `mod` floor.
 * The index of a load may hold positions: elements converted to u32, of buffers that the kernel does not write. A position is not negative, and
 * like any index must lie inside its dimension, so it stands under a `min`.
 */

export type DType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';
/**
 * `subgroup`: one instance per group of lanes that a subgroup loop runs on, its elements spread over the registers of those lanes (TVM's
 * `warp`). A block in a subgroup loop writes the elements; any block may read all of them, by exchange between lanes.
 */
export type Scope = 'storage' | 'workgroup' | 'subgroup' | 'private';
export type GridAxis = 'x' | 'y' | 'z';
export const axes: readonly GridAxis[] = ['x', 'y', 'z'];

export type LoopMode =
  | 'serial'
  | 'unrolled'
  | 'vectorized'
  | 'matrix'
  | `workgroup.${GridAxis}`
  | `invocation.${GridAxis}`
  | 'subgroup.x';

export interface Buffer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly scope: Scope;
  /** Elements from one index of a dimension to the next, outermost first; given when rows are padded (see strides.ts, storageAlign). */
  readonly strides?: readonly number[];
}

// ---- expressions ----

/**
 * `round` takes halves to the even neighbour. `isNan` gives a bool, all others the dtype of their operand. `expNumber` is `exp` for numbers;
 * for NaN it is NaN or infinite, whichever costs the device nothing.
 */
export type UnaryOp =
  | 'neg'
  | 'abs'
  | 'exp'
  | 'expNumber'
  | 'log'
  | 'sqrt'
  | 'inverseSqrt'
  | 'tanh'
  | 'sin'
  | 'cos'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'not'
  | 'isNan';
/**
 * Arithmetic. On indices `div` and `mod` are floor division and its remainder, on floats `div` is division. `min` and `max` of floats are NaN
 * where either operand is (IEEE 754's minimum and maximum); `maxNumber` of a number and a NaN may be either, which is cheaper. `shr` and
 * `bitAnd` are for u32 elements (values packed in words), never for indices.
 */
export type ArithmeticOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'min'
  | 'max'
  | 'maxNumber'
  | 'pow'
  | 'shr'
  | 'bitAnd';
export type CompareOp = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne';
export type LogicOp = 'and' | 'or';
export type BinaryOp = ArithmeticOp | CompareOp | LogicOp;

/** An index constant. */
export interface IntExpr {
  readonly kind: 'int';
  readonly value: number;
}
export interface FloatExpr {
  readonly kind: 'float';
  readonly value: number;
  readonly dtype: DType;
}
/** A loop variable or an iteration variable, by name. */
export interface VarExpr {
  readonly kind: 'var';
  readonly name: string;
}
export interface LoadExpr {
  readonly kind: 'load';
  readonly buffer: string;
  readonly indices: readonly Expr[];
}
export interface UnaryExpr {
  readonly kind: 'unary';
  readonly op: UnaryOp;
  readonly a: Expr;
}
export interface BinaryExpr {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly a: Expr;
  readonly b: Expr;
}
/** `condition ? then : otherwise`; a load in the branch not taken is not performed. */
export interface SelectExpr {
  readonly kind: 'select';
  readonly condition: Expr;
  readonly then: Expr;
  readonly otherwise: Expr;
}
export interface CastExpr {
  readonly kind: 'cast';
  readonly dtype: DType;
  readonly a: Expr;
}
export type Expr = IntExpr | FloatExpr | VarExpr | LoadExpr | UnaryExpr | BinaryExpr | SelectExpr | CastExpr;

// ---- statements ----

export interface Iter {
  readonly name: string;
  readonly extent: number;
  /** `ordered`: spatial, but the loops that drive it must keep their order, because an iteration makes what the next one reads (doubleBuffer). */
  readonly type: 'spatial' | 'reduction' | 'ordered';
  /** Where in the iteration domain the block stands, in terms of the loop variables around it. */
  readonly binding: Expr;
}

/** Reductions; reducers.ts says what each combines, and how. */
export type ReduceOp =
  | 'sum'
  | 'prod'
  | 'max'
  | 'maxNumber'
  | 'min'
  | 'argmax'
  | 'argmin'
  | 'onlineSoftmax'
  | 'onlineLogSumExp'
  | 'onlineWeightedSum'
  | 'welford';
export interface Reducer {
  readonly op: ReduceOp;
  /** Whether the block stores the identity first; false after decomposeReduction. */
  readonly initialises: boolean;
}

export interface Write {
  readonly buffer: string;
  readonly indices: readonly Expr[];
  readonly value: Expr;
}

export interface Block {
  readonly kind: 'block';
  readonly name: string;
  readonly iters: readonly Iter[];
  /** Conjuncts over the loop variables; the block instance runs only where all hold (splits that do not divide). */
  readonly predicate: readonly Expr[];
  readonly writes: readonly Write[];
  readonly reducer: Reducer | null;
}

export interface For {
  readonly kind: 'for';
  readonly name: string;
  readonly extent: number;
  readonly mode: LoopMode;
  readonly body: Stmt;
}

export interface Seq {
  readonly kind: 'seq';
  readonly body: readonly Stmt[];
}

export type Stmt = For | Block | Seq;

/** A loop nest: parameters first (in binding order), then the intermediate buffers, then the statements. */
export interface Program {
  readonly inputs: readonly string[];
  /** Inputs that hold the same values in every run; missing where there are none. What is made of them alone runs once (constants.ts). */
  readonly constants?: readonly string[];
  readonly outputs: readonly string[];
  readonly buffers: readonly Buffer[];
  readonly body: readonly Stmt[];
}
