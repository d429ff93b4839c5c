import * as ir from '../ir/builders.ts';
import type { ArithmeticOp, CompareOp, DType, Expr, ReduceOp, UnaryOp } from '../ir/nodes.ts';
import { UserError } from '../support/errors.ts';
import type { Condition, Index, Reduction, ReductionAxis, Tensor, Value } from './definition.ts';

/*
 * The expressions of a tensor definition, in three sorts that the compiler keeps apart: an Index (integer, built of axes), a
 * Value (an element of some dtype) and a Condition. After Halide's functional definitions and TVM's `te`, with functions where
 * those have overloaded operators. A plain number may stand wherever the other operand tells its sort.
 */

const noTensors: ReadonlySet<Tensor> = new Set();

export function tensorsOf(parts: readonly (Index | Value | Condition)[]): ReadonlySet<Tensor> {
  const sets = parts.flatMap(({ tensors = noTensors }) => (tensors.size === 0 ? [] : [tensors]));
  return sets.length === 0 ? noTensors : new Set(sets.flatMap((set) => [...set]));
}

/** The name an axis has inside its block. */
export const iterName = (axis: string): string => `v${axis}`;

/** An axis that a reduction runs over: `extent` values from 0. */
export function reductionAxis(name: string, extent: number): ReductionAxis {
  return { kind: 'index', expr: ir.variable(iterName(name)), name, extent };
}

/** A constant of the given dtype. */
export function constant(value: number, dtype: DType = 'f32'): Value {
  return { kind: 'value', expr: ir.float(value, dtype), dtype, tensors: noTensors };
}

/** An integer index constant. */
export function indexConstant(value: number): Index {
  if (!Number.isSafeInteger(value)) throw new UserError(`an index must be an integer, got ${value}`);
  return { kind: 'index', expr: ir.int(value) };
}

const indexOf = (expr: Expr, tensors: ReadonlySet<Tensor>): Index =>
  tensors.size === 0 ? { kind: 'index', expr } : { kind: 'index', expr, tensors };

/**
 * An element of i32 or u32 as an index of a dimension of `extent` elements: where it lies outside, the nearest one inside. It may index
 * tensors only in stages that reduce nothing.
 */
export function position(element: Value, extent: number): Index {
  if (element.dtype !== 'i32' && element.dtype !== 'u32')
    throw new UserError(`position needs an element of i32 or u32, got ${element.dtype}`);
  if (!Number.isSafeInteger(extent) || extent < 1)
    throw new UserError(`position needs the extent of a dimension, a positive integer, got ${extent}`);
  const least = element.dtype === 'i32' ? max<Value>(element, 0) : element;
  return indexOf(ir.binary('min', ir.cast('u32', least.expr), ir.int(extent - 1)), element.tensors);
}

type Operand = Index | Value;
type Pair =
  | { readonly kind: 'index'; readonly a: Index; readonly b: Index }
  | { readonly kind: 'value'; readonly a: Value; readonly b: Value };

function pairOf(what: string, a: Operand | number, b: Operand | number): Pair {
  const model = typeof a === 'number' ? b : a;
  if (typeof model === 'number')
    throw new UserError(`${what} of two plain numbers: compute it, or wrap one in constant()`);
  if (model.kind === 'index') {
    const left = typeof a === 'number' ? indexConstant(a) : a;
    const right = typeof b === 'number' ? indexConstant(b) : b;
    if (left.kind === 'index' && right.kind === 'index') return { kind: 'index', a: left, b: right };
  } else {
    const left = typeof a === 'number' ? constant(a, model.dtype) : a;
    const right = typeof b === 'number' ? constant(b, model.dtype) : b;
    if (left.kind === 'value' && right.kind === 'value') {
      if (left.dtype === right.dtype) return { kind: 'value', a: left, b: right };
      throw new UserError(`${what} of ${left.dtype} and ${right.dtype}: cast one of them to the other's dtype`);
    }
  }
  throw new UserError(`${what} of an index and a value: cast the index to the value's dtype`);
}

/** Folds the trivial index arithmetic of definitions with default parameters (stride 1, no padding), so that programs read well. */
function foldIndex(op: ArithmeticOp, a: Expr, b: Expr): Expr {
  if (a.kind === 'int' && b.kind === 'int') {
    if (op === 'add') return ir.int(a.value + b.value);
    if (op === 'sub') return ir.int(a.value - b.value);
    if (op === 'mul') return ir.int(a.value * b.value);
  }
  if (op === 'add' && a.kind === 'int' && a.value === 0) return b;
  if ((op === 'add' || op === 'sub') && b.kind === 'int' && b.value === 0) return a;
  if (op === 'mul' && a.kind === 'int' && a.value === 1) return b;
  if ((op === 'mul' || op === 'div') && b.kind === 'int' && b.value === 1) return a;
  return ir.binary(op, a, b);
}

function arithmetic<T extends Operand>(op: ArithmeticOp, a: T | number, b: T | number): T {
  const pair = pairOf(op, a, b);
  const tensors = tensorsOf([pair.a, pair.b]);
  const result: Operand =
    pair.kind === 'index'
      ? indexOf(foldIndex(op, pair.a.expr, pair.b.expr), tensors)
      : { kind: 'value', expr: ir.binary(op, pair.a.expr, pair.b.expr), dtype: pair.a.dtype, tensors };
  // `result` has the sort of the operands, which is T.
  return result as T;
}

export const add = <T extends Operand>(a: T | number, b: T | number): T => arithmetic('add', a, b);
export const sub = <T extends Operand>(a: T | number, b: T | number): T => arithmetic('sub', a, b);
export const mul = <T extends Operand>(a: T | number, b: T | number): T => arithmetic('mul', a, b);
export const min = <T extends Operand>(a: T | number, b: T | number): T => arithmetic('min', a, b);
export const max = <T extends Operand>(a: T | number, b: T | number): T => arithmetic('max', a, b);
/** Division of elements; for indices see floorDiv. */
export const div = (a: Value | number, b: Value | number): Value => arithmetic<Value>('div', a, b);
export const pow = (a: Value | number, b: Value | number): Value => arithmetic<Value>('pow', a, b);

/** The bits of a u32 element from bit `count` upwards; `count` is below 32. */
export const shiftRight = (a: Value, count: Value): Value => arithmetic<Value>('shr', a, count);
/** Those bits of a u32 element that are set in `mask`. */
export const bitAnd = (a: Value, mask: number): Value => arithmetic<Value>('bitAnd', a, mask);

function positive(what: string, divisor: number): number {
  if (Number.isSafeInteger(divisor) && divisor > 0) return divisor;
  throw new UserError(`${what} needs a positive integer divisor, got ${divisor}`);
}
/** Index division by a positive constant, rounding down. */
export const floorDiv = (a: Index, divisor: number): Index =>
  arithmetic<Index>('div', a, positive('floorDiv', divisor));
/** The remainder of floorDiv, in [0, divisor). */
export const mod = (a: Index, divisor: number): Index => arithmetic<Index>('mod', a, positive('mod', divisor));

function elementwise(op: UnaryOp): (a: Value) => Value {
  return (a) => ({ kind: 'value', expr: ir.unary(op, a.expr), dtype: a.dtype, tensors: a.tensors });
}
export const neg = elementwise('neg');
export const abs = elementwise('abs');
/** The exponential as IEEE 754 has it: NaN gives NaN. */
export const exp = elementwise('exp');
/** The exponential of a number; of NaN it is NaN or infinite. Cheaper than `exp`, for inner loops whose readers check for NaN themselves. */
export const expNumber = elementwise('expNumber');
export const log = elementwise('log');
export const sqrt = elementwise('sqrt');
export const inverseSqrt = elementwise('inverseSqrt');
/**
 * The argument is kept within [-10, 10], where tanh is +-1 in f32 already: devices compute it from exponentials, and SwiftShader's is
 * NaN once those overflow. NaN goes through.
 */
export const tanh = (a: Value): Value => elementwise('tanh')(max<Value>(min<Value>(a, 10), -10));
export const sin = elementwise('sin');
export const cos = elementwise('cos');
export const floor = elementwise('floor');
export const ceil = elementwise('ceil');
/** The nearest integer; of two that are equally near, the even one. */
export const round = elementwise('round');

/** Whether an element is NaN. Its bits decide, because `ne(a, a)` does not tell on all devices. */
export function isNan(a: Value): Condition {
  return { kind: 'condition', expr: ir.unary('isNan', a.expr), tensors: a.tensors };
}

/** Converts an element, or an index that is needed as an element. */
export function cast(dtype: DType, a: Operand): Value {
  if (a.kind === 'value' && a.dtype === dtype) return a;
  return { kind: 'value', expr: ir.cast(dtype, a.expr), dtype, tensors: tensorsOf([a]) };
}

function comparison(op: CompareOp): (a: Operand | number, b: Operand | number) => Condition {
  return (a, b) => {
    const pair = pairOf(op, a, b);
    return { kind: 'condition', expr: ir.binary(op, pair.a.expr, pair.b.expr), tensors: tensorsOf([pair.a, pair.b]) };
  };
}
export const lt = comparison('lt');
export const le = comparison('le');
export const gt = comparison('gt');
export const ge = comparison('ge');
export const eq = comparison('eq');
export const ne = comparison('ne');

/** All of the conditions (at least one). */
export function and(first: Condition, ...rest: readonly Condition[]): Condition {
  const expr = rest.reduce<Expr>((all, next) => ir.binary('and', all, next.expr), first.expr);
  return { kind: 'condition', expr, tensors: tensorsOf([first, ...rest]) };
}
/** Any of the conditions (at least one). */
export function or(first: Condition, ...rest: readonly Condition[]): Condition {
  const expr = rest.reduce<Expr>((any, next) => ir.binary('or', any, next.expr), first.expr);
  return { kind: 'condition', expr, tensors: tensorsOf([first, ...rest]) };
}
export function not(a: Condition): Condition {
  return { kind: 'condition', expr: ir.unary('not', a.expr), tensors: a.tensors };
}

/** `condition ? then : otherwise`; a load in the branch not taken is not performed, so it may lie outside its tensor. */
export function select(condition: Condition, then: Value | number, otherwise: Value | number): Value {
  const pair = pairOf('select', then, otherwise);
  if (pair.kind === 'index') throw new UserError('select of two indices: cast them to a dtype first');
  return {
    kind: 'value',
    expr: ir.select(condition.expr, pair.a.expr, pair.b.expr),
    dtype: pair.a.dtype,
    tensors: tensorsOf([condition, pair.a, pair.b]),
  };
}

function reduction(op: ReduceOp): (value: Value, axes: readonly ReductionAxis[]) => Reduction {
  return (value, axes) => ({ kind: 'reduction', op, values: [value], axes });
}
/** Sum of a value over reduction axes, outermost first. */
export const sumOver = reduction('sum');
/** Product of a value over reduction axes. */
export const prodOver = reduction('prod');
/** Largest value over reduction axes; NaN where any value is NaN. */
export const maxOver = reduction('max');
/** Largest value over reduction axes; where some are NaN the result is open. Cheaper than `maxOver`. */
export const maxNumberOver = reduction('maxNumber');
/** Smallest value over reduction axes; NaN where any value is NaN. */
export const minOver = reduction('min');

function extremeOver(op: 'argmax' | 'argmin'): (value: Value, axes: readonly ReductionAxis[]) => Reduction {
  return (value, axes) => {
    const [first, ...rest] = axes;
    if (first === undefined) throw new UserError(`${op} over no axis`);
    const position = rest.reduce<Index>((at, axis) => add(mul(at, axis.extent), axis), {
      kind: 'index',
      expr: first.expr,
    });
    return { kind: 'reduction', op, values: [value, cast('i32', position)], axes };
  };
}
/**
 * The pair (largest value, its position), the smallest position where several have it; the position is an i32 that counts through the
 * axes, the last one fastest. i32 because f32 counts to 2^24 only, and f16 to 2,048.
 */
export const argMaxOver = extremeOver('argmax');
/** The same for the smallest value. */
export const argMinOver = extremeOver('argmin');
