import { add, binary, float, mul, select, sub, unary } from './builders.ts';
import type { DType, Expr, FloatExpr, ReduceOp } from './nodes.ts';

/**
 * What a reduction combines: `arity` values at a time, each in a buffer of its own. `combine` is associative and commutative (up to
 * rounding) and `identity` is its neutral element, so that a reduction may be taken apart and put together in any order. After TVM's
 * comm_reducer and Halide's tuples.
 */
interface ReducerRule {
  readonly arity: number;
  /** Whether the values must be floats. */
  readonly floats: boolean;
  /** The neutral tuple, for elements of these dtypes. */
  readonly identity: (dtypes: readonly DType[]) => readonly FloatExpr[];
  /** The tuple that two tuples make. A part that several results share is one object, so that it can be computed once. */
  readonly combine: (x: readonly Expr[], y: readonly Expr[], dtypes: readonly DType[]) => readonly Expr[];
}

const highest: Readonly<Record<DType, number>> = {
  f32: 3.4028234663852886e38,
  f16: 65504,
  i32: 2 ** 31 - 1,
  u32: 2 ** 32 - 1,
  bool: 1,
};
const lowest: Readonly<Record<DType, number>> = {
  f32: -highest.f32,
  f16: -highest.f16,
  i32: -(2 ** 31),
  u32: 0,
  bool: 0,
};

const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16';
/** The value below which a dtype has no number, from which a maximum starts: minus infinity, or the lowest integer. */
export const lowestOf = (dtype: DType): FloatExpr =>
  float(isFloat(dtype) ? Number.NEGATIVE_INFINITY : lowest[dtype], dtype);
/** The value above which a dtype has no number, from which a minimum starts. */
const highestOf = (dtype: DType): FloatExpr => float(isFloat(dtype) ? Number.POSITIVE_INFINITY : highest[dtype], dtype);
/** The lowest finite number of a dtype. */
const lowestFinite = (dtype: DType): FloatExpr => float(lowest[dtype], dtype);

function single(identity: (dtype: DType) => FloatExpr, combine: (x: Expr, y: Expr) => Expr): ReducerRule {
  return {
    arity: 1,
    floats: false,
    identity: (dtypes) => dtypes.map(identity),
    combine: ([x], [y]) => [combine(x as Expr, y as Expr)],
  };
}

/**
 * (value, position): the extreme value and the smallest of the positions that have it, as ONNX's ArgMax has it by default. NaN is more
 * extreme than any number, so that a row with NaNs gives the position of the first one (NumPy, PyTorch).
 */
function extreme(op: 'max' | 'min', before: 'gt' | 'lt', identity: (dtype: DType) => FloatExpr): ReducerRule {
  return {
    arity: 2,
    floats: false,
    // The identity's position is the highest, so that even an infinite element wins against it.
    identity: ([value, position]) => [identity(value as DType), highestOf(position as DType)],
    combine: ([x, at], [y, other], [dtype]) => {
      const [old, added] = [x as Expr, y as Expr];
      const earlier = binary('lt', other as Expr, at as Expr);
      const ordered = binary('or', binary(before, added, old), binary('and', binary('eq', added, old), earlier));
      // Comparisons with a NaN are all false, so that NaN needs tests of its own.
      const beyond = binary('and', unary('isNan', added), binary('or', unary('not', unary('isNan', old)), earlier));
      const better = dtype !== undefined && !isFloat(dtype) ? ordered : binary('or', ordered, beyond);
      return [binary(op, old, added), select(better, other as Expr, at as Expr)];
    },
  };
}

/** What is subtracted in exponents instead of a maximum: a number also where nothing above minus infinity was seen, so that -inf adds 0. */
export const shiftOf = (maximum: Expr, dtype: DType): Expr => binary('maxNumber', maximum, lowestFinite(dtype));

/**
 * (maximum m, sum s of exp(x - m), further sums of exp(x - m) times something) of a row in one pass: an element is (x, 1, v ...). When the
 * maximum grows, the sums so far shrink. While nothing above minus infinity was seen, the lowest finite number is subtracted instead of m, so
 * that -inf adds 0 and not exp(-inf + inf): a masked element may come first. After Milakov and Gimelshein, "Online normalizer calculation for
 * softmax" (2018); with a weighted sum the state of Dao et al., "FlashAttention" (2022).
 */
function online(max: 'max' | 'maxNumber', exp: 'exp' | 'expNumber', sums: 1 | 2): ReducerRule {
  return {
    arity: 1 + sums,
    floats: true,
    identity: ([m, ...others]) => [lowestOf(m as DType), ...others.map((dtype) => float(0, dtype))],
    combine: ([m1, ...old], [m2, ...added], [dtype]) => {
      const m = binary(max, m1 as Expr, m2 as Expr);
      const shift = shiftOf(m, dtype ?? 'f32');
      const [shrinkOld, shrinkAdded] = [m1, m2].map((from) => unary(exp, sub(from as Expr, shift))) as [Expr, Expr];
      return [m, ...old.map((sum, i) => add(mul(sum, shrinkOld), mul(added[i] as Expr, shrinkAdded)))];
    },
  };
}

/**
 * (count n, mean, sum of squared deviations from it) in one pass without cancellation: an element is (1, x, 0). After Welford (1962) for
 * one element and Chan, Golub and LeVeque (1979) for two sets. Two empty sets make an empty one: the divisor is then 1, not 0.
 */
const welford: ReducerRule = {
  arity: 3,
  floats: true,
  identity: (dtypes) => dtypes.map((dtype) => float(0, dtype)),
  combine: ([n1, mean1, squares1], [n2, mean2, squares2], [dtype]) => {
    const n = add(n1 as Expr, n2 as Expr);
    const delta = sub(mean2 as Expr, mean1 as Expr);
    const share = binary('div', n2 as Expr, binary('max', n, float(1, dtype)));
    const step = mul(delta, share);
    const between = mul(mul(delta, step), n1 as Expr);
    return [n, add(mean1 as Expr, step), add(add(squares1 as Expr, squares2 as Expr), between)];
  },
};

/** Every reducer there is. A new one needs an entry here and a name in nodes.ts; everything else asks this table. */
export const reducers: Readonly<Record<ReduceOp, ReducerRule>> = {
  sum: single(
    (dtype) => float(0, dtype),
    (x, y) => add(x, y),
  ),
  prod: single(
    (dtype) => float(1, dtype),
    (x, y) => mul(x, y),
  ),
  max: single(lowestOf, (x, y) => binary('max', x, y)),
  maxNumber: single(lowestOf, (x, y) => binary('maxNumber', x, y)),
  min: single(highestOf, (x, y) => binary('min', x, y)),
  argmax: extreme('max', 'gt', lowestOf),
  argmin: extreme('min', 'lt', highestOf),
  // Readers see from the sum whether the row holds a NaN (operators/unless-broken.ts), so the maximum need not pass it on.
  onlineSoftmax: online('maxNumber', 'expNumber', 1),
  // Readers use the maximum by itself too, so both operations are IEEE 754's.
  onlineLogSumExp: online('max', 'exp', 1),
  onlineWeightedSum: online('maxNumber', 'expNumber', 2),
  welford,
};

const choosing: ReadonlySet<ReduceOp> = new Set<ReduceOp>(['max', 'min', 'argmax', 'argmin']);
/** Whether combining rounds, so that the dtype of the sums decides how many digits are right; an extreme is one of its elements. */
export const accumulates = (op: ReduceOp): boolean => !choosing.has(op);
