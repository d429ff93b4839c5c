import { roundEven } from '../support/round-even.ts';
import type { Condition, Value } from './definition.ts';
import { erf, erfOf } from './error-function.ts';
import * as te from './expression.ts';
import {
  between,
  circular,
  interval,
  logarithm,
  magnitude,
  power,
  type Reach,
  rising,
  root,
  type ValueInterval,
} from './interval.ts';

/** A function of the elementwise language. */
interface FormulaFunction {
  readonly arity: number;
  /** For `wgtune ops`. */
  readonly doc: string;
  readonly value: (...args: readonly Value[]) => Value;
  /** The same on numbers, in float64: results are judged by it. */
  readonly number: (...args: readonly number[]) => number;
  /** The interval of results for arguments in these intervals; null where arguments may leave the function's domain. */
  readonly reach: (...args: readonly ValueInterval[]) => Reach;
  /** Whether integers give integers, none larger than the largest argument (nor than 1). */
  readonly integral?: true;
  /** Whether it jumps: arguments that differ by a rounding may give results that differ by much. */
  readonly jumps?: true;
}

const at = <T>(args: readonly T[], position: number): T => args[position] as T;

function unary(
  doc: string,
  value: (a: Value) => Value,
  number: (a: number) => number,
  reach: (a: ValueInterval) => Reach,
  traits: Pick<FormulaFunction, 'integral' | 'jumps'> = {},
): FormulaFunction {
  return {
    ...{ arity: 1, doc, ...traits },
    value: (...args) => value(at(args, 0)),
    number: (...args) => number(at(args, 0)),
    reach: (...args) => reach(at(args, 0)),
  };
}

function binary(
  doc: string,
  value: (a: Value, b: Value) => Value,
  number: (a: number, b: number) => number,
  reach: (a: ValueInterval, b: ValueInterval) => Reach,
  traits: Pick<FormulaFunction, 'integral'> = {},
): FormulaFunction {
  return {
    ...{ arity: 2, doc, ...traits },
    value: (...args) => value(at(args, 0), at(args, 1)),
    number: (...args) => number(at(args, 0), at(args, 1)),
    reach: (...args) => reach(at(args, 0), at(args, 1)),
  };
}

const integral = { integral: true } as const;
const steps = { integral: true, jumps: true } as const;

// sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU (Hendrycks and Gimpel, 2016).
const geluScale = Math.sqrt(2 / Math.PI);
const geluCubic = 0.044715;
/** Both forms are above -0.18. */
const geluReach = ({ high }: ValueInterval): Reach => between(-0.2, Math.max(high, 0));

const geluTanh = unary(
  'GELU by tanh: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))',
  (a) => {
    const inner = te.mul(te.add(a, te.mul(te.mul(te.mul(a, a), a), geluCubic)), geluScale);
    return te.mul(te.mul(a, 0.5), te.add(te.tanh(inner), 1));
  },
  (a) => (a / 2) * (1 + Math.tanh(geluScale * (a + geluCubic * a ** 3))),
  geluReach,
);

const negative = (a: Value): Condition => te.lt(a, 0);

/** A whole power by squaring. */
function wholePower(a: Value, exponent: number): Value {
  if (exponent === 1) return a;
  const half = wholePower(a, Math.floor(exponent / 2));
  const square = te.mul(half, half);
  return exponent % 2 === 0 ? square : te.mul(square, a);
}
const largestWholePower = 16;

/** JavaScript's power; WGSL's is not defined for a negative base. Constant exponents that are whole, or a half, need no logarithm. */
function powerOf(a: Value, b: Value): Value {
  if (b.expr.kind === 'float') {
    const exponent = b.expr.value;
    if (exponent === 0.5) return te.select(te.eq(a, Number.NEGATIVE_INFINITY), Number.POSITIVE_INFINITY, te.sqrt(a));
    const size = Math.abs(exponent);
    if (Number.isInteger(exponent) && size >= 1 && size <= largestWholePower) {
      const whole = wholePower(a, size);
      return exponent > 0 ? whole : te.div(1, whole);
    }
  }
  const size = te.exp(te.mul(b, te.log(te.abs(a))));
  const odd = te.not(te.eq(te.mul(te.floor(te.mul(b, 0.5)), 2), b));
  // A power of minus infinity that is not whole equals that of plus infinity.
  const unsigned = te.select(te.eq(a, Number.NEGATIVE_INFINITY), size, Number.NaN);
  const signed = te.select(te.eq(te.floor(b), b), te.select(odd, te.neg(size), size), unsigned);
  return te.select(te.eq(b, 0), 1, te.select(negative(a), signed, size));
}

const clampReach = (a: ValueInterval, low: ValueInterval, high: ValueInterval): Reach =>
  between(Math.min(Math.max(a.low, low.low), high.low), Math.min(Math.max(a.high, low.high), high.high));

const table = {
  relu: unary(
    'max(x, 0)',
    (a) => te.max(a, 0),
    (a) => Math.max(a, 0),
    rising((a) => Math.max(a, 0)),
    integral,
  ),
  gelu: { ...geluTanh, doc: 'gelu_tanh by its short name' },
  gelu_tanh: geluTanh,
  gelu_erf: unary(
    'GELU itself: x / 2 * (1 + erf(x / sqrt(2)))',
    (a) => te.mul(te.mul(a, 0.5), te.add(erf(te.mul(a, Math.SQRT1_2)), 1)),
    (a) => (a / 2) * (1 + erfOf(a * Math.SQRT1_2)),
    geluReach,
  ),
  sigmoid: unary(
    '1 / (1 + exp(-x))',
    (a) => te.div(1, te.add(te.exp(te.neg(a)), 1)),
    (a) => 1 / (1 + Math.exp(-a)),
    () => interval(0, 1),
  ),
  tanh: unary('hyperbolic tangent', te.tanh, Math.tanh, rising(Math.tanh)),
  silu: unary(
    'x * sigmoid(x)',
    (a) => te.div(a, te.add(te.exp(te.neg(a)), 1)),
    (a) => a / (1 + Math.exp(-a)),
    // It is above -0.279.
    ({ high }) => between(-0.3, Math.max(high, 0)),
  ),
  erf: unary('error function', erf, erfOf, rising(erfOf)),
  exp: unary('exponential', te.exp, Math.exp, rising(Math.exp)),
  log: unary('natural logarithm', te.log, Math.log, logarithm),
  sqrt: unary('square root', te.sqrt, Math.sqrt, root),
  sin: unary('sine', te.sin, Math.sin, circular),
  cos: unary('cosine', te.cos, Math.cos, circular),
  abs: unary('magnitude', te.abs, Math.abs, magnitude, integral),
  sign: unary(
    '1, 0 or -1',
    (a) => te.select(te.gt(a, 0), 1, te.select(negative(a), -1, a)),
    Math.sign,
    rising(Math.sign),
    steps,
  ),
  floor: unary('integer below', te.floor, Math.floor, rising(Math.floor), steps),
  ceil: unary('integer above', te.ceil, Math.ceil, rising(Math.ceil), steps),
  round: unary('nearest integer, of two the even one', te.round, roundEven, rising(roundEven), steps),
  pow: binary('power', powerOf, Math.pow, power),
  min: binary(
    'the smaller',
    te.min<Value>,
    Math.min,
    (a, b) => between(Math.min(a.low, b.low), Math.min(a.high, b.high)),
    integral,
  ),
  max: binary(
    'the larger',
    te.max<Value>,
    Math.max,
    (a, b) => between(Math.max(a.low, b.low), Math.max(a.high, b.high)),
    integral,
  ),
  clamp: {
    arity: 3,
    doc: 'clamp(x, low, high): min(max(x, low), high)',
    value: (...args) => te.min<Value>(te.max<Value>(at(args, 0), at(args, 1)), at(args, 2)),
    number: (...args) => Math.min(Math.max(at(args, 0), at(args, 1)), at(args, 2)),
    reach: (...args) => clampReach(at(args, 0), at(args, 1), at(args, 2)),
    integral: true,
  },
  select: {
    arity: 3,
    doc: 'select(condition, x, y): x where the condition is not 0 (nor NaN), else y',
    value: (...args) => te.select(truth(at(args, 0)), at(args, 1), at(args, 2)),
    number: (...args) => (holds(at(args, 0)) ? at(args, 1) : at(args, 2)),
    reach: (...args) => between(at(args, 1).low, at(args, 1).high, at(args, 2).low, at(args, 2).high),
    integral: true,
    jumps: true,
  },
} as const satisfies Readonly<Record<string, FormulaFunction>>;

export type FunctionName = keyof typeof table;
/** Every function of the language; a new one needs only an entry in `table`. */
export const formulaFunctions: Readonly<Record<FunctionName, FormulaFunction>> = table;

/** Any number but 0 counts as true; NaN does not. */
const holds = (value: number): boolean => value > 0 || value < 0;

/** Whether an element counts as true; of an element that selects 1 or 0 by a condition, that condition. */
function truth(value: Value): Condition {
  const { expr } = value;
  const isFloat = (part: typeof expr, number: number): boolean => part.kind === 'float' && part.value === number;
  if (expr.kind === 'select' && isFloat(expr.then, 1) && isFloat(expr.otherwise, 0))
    return { kind: 'condition', expr: expr.condition, tensors: value.tensors };
  return te.or(te.gt(value, 0), te.lt(value, 0));
}

/** Comparisons; each gives 1 or 0. */
export const comparisons = {
  '<': { value: te.lt, number: (a: number, b: number) => a < b },
  '<=': { value: te.le, number: (a: number, b: number) => a <= b },
  '>': { value: te.gt, number: (a: number, b: number) => a > b },
  '>=': { value: te.ge, number: (a: number, b: number) => a >= b },
  '==': { value: te.eq, number: (a: number, b: number) => a === b },
  // Tint's own inequality is false for NaN.
  '!=': { value: (a: Value, b: Value) => te.not(te.eq(a, b)), number: (a: number, b: number) => a !== b },
} as const;
export type Comparison = keyof typeof comparisons;
export const isComparison = (sign: string): sign is Comparison => Object.hasOwn(comparisons, sign);
