import { createRandom } from '../support/random.ts';
import { type Formula, type FunctionName, operandsOf } from './elementwise-language.ts';
import * as te from './expression.ts';
import { exactIntegerLimit, type Fill, integers, reals } from './fill.ts';

// sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU (Hendrycks and Gimpel, 2016).
const geluScale = 0.7978845608028654;
const geluCubic = 0.044715;

const valueOfCall: Record<FunctionName, (a: te.Value, b: te.Value) => te.Value> = {
  relu: (a) => te.max(a, 0),
  gelu: (a) => {
    const inner = te.mul(te.add(a, te.mul(te.mul(te.mul(a, a), a), geluCubic)), geluScale);
    return te.mul(te.mul(a, 0.5), te.add(te.tanh(inner), 1));
  },
  sigmoid: (a) => te.div(1, te.add(te.exp(te.neg(a)), 1)),
  tanh: te.tanh,
  exp: te.exp,
  log: te.log,
  sqrt: te.sqrt,
  abs: te.abs,
  min: te.min<te.Value>,
  max: te.max<te.Value>,
};

const numberOfCall: Record<FunctionName, (a: number, b: number) => number> = {
  relu: (a) => Math.max(a, 0),
  gelu: (a) => (a / 2) * (1 + Math.tanh(geluScale * (a + geluCubic * a ** 3))),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  min: Math.min,
  max: Math.max,
};

/** The formula as a tensor expression in f32. */
export function tensorValueOf(formula: Formula, operands: Readonly<Record<string, te.Value>>): te.Value {
  const value = (node: Formula): te.Value => {
    switch (node.kind) {
      case 'number':
        return te.constant(node.value);
      case 'operand':
        // Every operand the formula uses has a tensor.
        return operands[node.name] as te.Value;
      case 'negate':
        return te.neg(value(node.a));
      case 'binary': {
        const [a, b] = [value(node.a), value(node.b)];
        if (node.op === '+') return te.add(a, b);
        if (node.op === '-') return te.sub(a, b);
        return node.op === '*' ? te.mul(a, b) : te.div(a, b);
      }
      case 'call': {
        const args = node.args.map(value);
        return valueOfCall[node.name](args[0] as te.Value, (args[1] ?? args[0]) as te.Value);
      }
    }
  };
  return value(formula);
}

/** The formula's number for given operands, in float64. */
export function numberOf(formula: Formula, operands: Readonly<Record<string, number>>): number {
  switch (formula.kind) {
    case 'number':
      return formula.value;
    case 'operand':
      return operands[formula.name] ?? Number.NaN;
    case 'negate':
      return -numberOf(formula.a, operands);
    case 'binary': {
      const [a, b] = [numberOf(formula.a, operands), numberOf(formula.b, operands)];
      if (formula.op === '+') return a + b;
      if (formula.op === '-') return a - b;
      return formula.op === '*' ? a * b : a / b;
    }
    case 'call': {
      const [a = Number.NaN, b = Number.NaN] = formula.args.map((arg) => numberOf(arg, operands));
      return numberOfCall[formula.name](a, b);
    }
  }
}

/** Largest magnitude any part of the formula reaches on integers up to `magnitude` of each operand, or null where it leaves the integers. */
function integerReach(formula: Formula, magnitude: (operand: string) => number): number | null {
  let largest = 0;
  const reach = (node: Formula): number => {
    const found = reachOf(node);
    largest = Math.max(largest, found);
    return found;
  };
  const reachOf = (node: Formula): number => {
    switch (node.kind) {
      case 'number':
        return Number.isInteger(node.value) ? node.value : Number.POSITIVE_INFINITY;
      case 'operand':
        return magnitude(node.name);
      case 'negate':
        return reach(node.a);
      case 'binary': {
        const [a, b] = [reach(node.a), reach(node.b)];
        if (node.op === '/') return Number.POSITIVE_INFINITY;
        return node.op === '*' ? a * b : a + b;
      }
      case 'call': {
        const args = node.args.map(reach);
        const integral = ['relu', 'abs', 'min', 'max'].includes(node.name);
        return integral ? Math.max(...args) : Number.POSITIVE_INFINITY;
      }
    }
  };
  reach(formula);
  return Number.isFinite(largest) ? largest : null;
}

/** Operands of a formula that is exact on integers are filled with integers up to this. */
export const integerMagnitude = 8;

/**
 * Whether the formula maps small integers (up to `integerMagnitude` unless told otherwise an operand) to integers below `limit` all
 * along: then results must be equal bit for bit.
 */
export function isExactOnIntegers(
  formula: Formula,
  limit: number,
  magnitude: (operand: string) => number = () => integerMagnitude,
): boolean {
  const reach = integerReach(formula, magnitude);
  return reach !== null && reach <= limit;
}

/** What operands are filled with: integers where results are exact, positive numbers where it divides or takes roots or logarithms. */
export function fillFor(formula: Formula, limit: number): Fill {
  if (isExactOnIntegers(formula, limit)) return integers(-integerMagnitude, integerMagnitude);
  const needsPositive = (node: Formula): boolean => {
    if (node.kind === 'negate') return needsPositive(node.a);
    if (node.kind === 'binary') return node.op === '/' || needsPositive(node.a) || needsPositive(node.b);
    if (node.kind === 'call') return node.name === 'log' || node.name === 'sqrt' || node.args.some(needsPositive);
    return false;
  };
  return needsPositive(formula) ? reals(0.25, 4) : reals(-2, 2);
}

/** Whether the formula gives a finite number on at least some of the inputs it is verified with; else nothing could be checked. */
export function isEverFinite(formula: Formula): boolean {
  const { low, high, step } = fillFor(formula, exactIntegerLimit.f32);
  const random = createRandom(1);
  const draw = (): number => low + step * random.below((high - low) / step + 1);
  const operands = operandsOf(formula);
  return Array.from({ length: 64 }).some(() =>
    Number.isFinite(numberOf(formula, Object.fromEntries(operands.map((name) => [name, draw()])))),
  );
}
