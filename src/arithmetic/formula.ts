/**
 * A number that follows from open ones: estimates of a kernel whose decisions are still open are formulas over these. Formulas are
 * simplified as they are built, so that fixed parts cost nothing later; `evaluator.ts` runs them.
 * Truth is 1 or 0. A number that depends on an open one without a value is unknown, and operations know what that means: a product with
 * an unknown factor is unknown, `both` of a falsehood and an unknown is false, a choice between equal values is known.
 */
export type Formula = number | Open | Operation;

/** A number that is still to be decided, identified by its name. */
export interface Open {
  readonly kind: 'open';
  readonly name: string;
}

interface Operation {
  readonly kind: 'operation';
  readonly op: Operator;
  readonly a: Formula;
  readonly b: Formula;
  readonly c: Formula;
}

type Meaning = (a: string, b: string, c: string, isKnown: boolean) => string;

/**
 * The operations as text: the one place that says what they make of unknown values, which are NaN where numbers lie in arrays. Arithmetic
 * on NaN is NaN by itself; comparisons must test for it, and their text is shorter where all operands are known.
 */
export const meanings = {
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (a, b) => `${a} * ${b}`,
  divide: (a, b) => `${a} / ${b}`,
  divideUp: (a, b) => `Math.ceil(${a} / ${b})`,
  divideDown: (a, b) => `Math.floor(${a} / ${b})`,
  // Only whole numbers are divided; `%` would cost a call.
  remainder: (a, b) => `${a} - Math.floor(${a} / ${b}) * ${b}`,
  min: (a, b) => `Math.min(${a}, ${b})`,
  max: (a, b) => `Math.max(${a}, ${b})`,
  above: (a, b, _, isKnown) => `${a} > ${b} ? 1 : ${isKnown ? '0' : `${a} <= ${b} ? 0 : NaN`}`,
  equal: (a, b, _, isKnown) => `${a} === ${b} ? 1 : ${isKnown ? '0' : `${a} < ${b} || ${a} > ${b} ? 0 : NaN`}`,
  both: (a, b, _, isKnown) => (isKnown ? `${a} * ${b}` : `${a} === 0 || ${b} === 0 ? 0 : ${a} * ${b}`),
  either: (a, b) => `${a} === 1 || ${b} === 1 ? 1 : ${a} + ${b}`,
  choose: (a, b, c, isKnown) =>
    isKnown ? `${a} === 1 ? ${b} : ${c}` : `${a} === 1 ? ${b} : ${a} === 0 || ${b} === ${c} ? ${c} : NaN`,
  known: (a, b) => `${a} === ${a} ? ${a} : ${b}`,
  log2: (a) => `Math.log2(${a})`,
} as const satisfies Readonly<Record<string, Meaning>>;
type Operator = keyof typeof meanings;

type Operate = (a: number, b: number, c: number) => number;
const operate = Object.fromEntries(
  Object.entries(meanings).map(([op, text]: [string, Meaning]) => [
    op,
    new Function('a', 'b', 'c', `return ${text('a', 'b', 'c', false)};`),
  ]),
) as Record<Operator, Operate>;

function make(op: Operator, a: Formula, b: Formula = 0, c: Formula = 0): Formula {
  if (typeof a === 'number' && typeof b === 'number' && typeof c === 'number') return operate[op](a, b, c);
  return { kind: 'operation', op, a, b, c };
}

export const sum = (...terms: readonly Formula[]): Formula =>
  terms.reduce((a, b) => (a === 0 ? b : b === 0 ? a : make('add', a, b)), 0);
export const minus = (a: Formula, b: Formula): Formula => (b === 0 ? a : make('subtract', a, b));
export const product = (...factors: readonly Formula[]): Formula => factors.reduce(times, 1);

function times(a: Formula, b: Formula): Formula {
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  // (x / b) * b is x.
  return typeof a === 'object' && a.kind === 'operation' && a.op === 'divide' && a.b === b
    ? a.a
    : make('multiply', a, b);
}
export function quotient(a: Formula, b: Formula): Formula {
  if (b === 1 || a === 0) return a;
  if (a === b) return 1;
  return typeof a === 'object' && a.kind === 'operation' && a.op === 'multiply' && a.b === b
    ? a.a
    : make('divide', a, b);
}
/** The quotient of whole numbers, rounded up, or down. */
export const ceilQuotient = (a: Formula, b: Formula): Formula => (b === 1 ? a : make('divideUp', a, b));
export const floorQuotient = (a: Formula, b: Formula): Formula => (b === 1 ? a : make('divideDown', a, b));
export const remainder = (a: Formula, b: Formula): Formula => (b === 1 || a === b ? 0 : make('remainder', a, b));
export const min = (a: Formula, b: Formula): Formula => (a === b ? a : make('min', a, b));
export const max = (a: Formula, b: Formula): Formula => (a === b ? a : make('max', a, b));
export const above = (a: Formula, b: Formula): Formula => make('above', a, b);
export const atLeast = (a: Formula, b: Formula): Formula => not(above(b, a));
export const equal = (a: Formula, b: Formula): Formula => (a === b ? 1 : make('equal', a, b));
export const not = (a: Formula): Formula => minus(1, a);
export const both = (...all: readonly Formula[]): Formula =>
  all.reduce((a, b) => (a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : make('both', a, b)), 1);
export const either = (...all: readonly Formula[]): Formula =>
  all.reduce((a, b) => (a === 1 || b === 1 ? 1 : a === 0 ? b : b === 0 ? a : make('either', a, b)), 0);
/** `then` where the condition holds, else `otherwise`; the one that is not chosen need not be known. */
export const choose = (condition: Formula, then: Formula, otherwise: Formula): Formula =>
  condition === 1 || then === otherwise
    ? then
    : condition === 0
      ? otherwise
      : make('choose', condition, then, otherwise);
/** The value, or `instead` while it is unknown. */
export const knownOr = (a: Formula, instead: number): Formula =>
  typeof a === 'number' ? a : make('known', a, instead);
export const log2 = (a: Formula): Formula => make('log2', a);

/** The value of a formula for given values of its open numbers. */
export function evaluated(formula: Formula, of: (open: Open) => number): number {
  if (typeof formula === 'number') return formula;
  if (formula.kind === 'open') return of(formula);
  const { op, a, b, c } = formula;
  return operate[op](evaluated(a, of), evaluated(b, of), evaluated(c, of));
}
