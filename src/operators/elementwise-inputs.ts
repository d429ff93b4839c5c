import { createRandom } from '../support/random.ts';
import { formulaFunctions, isComparison } from './elementwise-functions.ts';
import { type ElementFormula, operandsOf } from './elementwise-language.ts';
import { numberOf } from './elementwise-meaning.ts';
import { exactIntegerLimit, type Fill, integers, reals } from './fill.ts';
import {
  between,
  difference,
  interval,
  power,
  product,
  quotient,
  type Reach,
  sum,
  type ValueInterval,
} from './interval.ts';

/** Operands of a formula that is exact on integers are filled with integers up to this magnitude. */
export const integerMagnitude = 8;

/** Largest magnitude that any part of the formula reaches on integers up to each operand's `magnitude`; null where it leaves the integers. */
function integerReach(formula: ElementFormula, magnitude: (operand: string) => number): number | null {
  let largest = 0;
  const reach = (node: ElementFormula): number => {
    const found = reachOf(node);
    largest = Math.max(largest, found);
    return found;
  };
  const reachOf = (node: ElementFormula): number => {
    switch (node.kind) {
      case 'number':
        return Number.isInteger(node.value) ? node.value : Number.POSITIVE_INFINITY;
      case 'operand':
        return magnitude(node.name);
      case 'negate':
        return reach(node.a);
      case 'binary': {
        const [a, b] = [reach(node.a), reach(node.b)];
        if (isComparison(node.op)) return Number.isFinite(a + b) ? 1 : Number.POSITIVE_INFINITY;
        if (node.op === '/') return Number.POSITIVE_INFINITY;
        return node.op === '*' ? a * b : a + b;
      }
      case 'call': {
        const args = node.args.map(reach);
        return formulaFunctions[node.name].integral ? Math.max(1, ...args) : Number.POSITIVE_INFINITY;
      }
    }
  };
  reach(formula);
  return Number.isFinite(largest) ? largest : null;
}

/**
 * Whether the formula maps small integers (`integerMagnitude` per operand unless told otherwise) to integers up to `limit`, in every
 * part of it: then results must be equal bit for bit.
 */
export function isExactOnIntegers(
  formula: ElementFormula,
  limit: number,
  magnitude: (operand: string) => number = () => integerMagnitude,
): boolean {
  const reach = integerReach(formula, magnitude);
  return reach !== null && reach <= limit;
}

type Box = Readonly<Record<string, ValueInterval>>;

/**
 * The interval of the formula's values for operands in a box, by interval arithmetic; null where some part may leave its domain (a
 * logarithm's, a root's, a quotient's, a power's) or grow beyond all measure.
 */
function reachOf(formula: ElementFormula, box: Box): Reach {
  switch (formula.kind) {
    case 'number':
      return between(formula.value);
    case 'operand':
      return box[formula.name] ?? null;
    case 'negate': {
      const a = reachOf(formula.a, box);
      return a === null ? null : interval(-a.high, -a.low);
    }
    case 'binary': {
      const [a, b] = [reachOf(formula.a, box), reachOf(formula.b, box)];
      if (a === null || b === null) return null;
      if (isComparison(formula.op)) return interval(0, 1);
      if (formula.op === '+') return sum(a, b);
      if (formula.op === '-') return difference(a, b);
      if (formula.op === '/') return quotient(a, b);
      // A square is not below zero.
      return JSON.stringify(formula.a) === JSON.stringify(formula.b) ? power(a, interval(2, 2)) : product(a, b);
    }
    case 'call': {
      const args = formula.args.map((arg) => reachOf(arg, box));
      return args.some((arg) => arg === null)
        ? null
        : formulaFunctions[formula.name].reach(...(args as ValueInterval[]));
    }
  }
}

/** Boxes that are tried at most to find one inside a formula's domain. */
const mostBoxes = 3000;
/** Where the search begins, each with the largest magnitude that results may have there; f16 ends at 65,504. */
const starts: readonly { readonly box: ValueInterval; readonly most: number }[] = [
  { box: interval(-2, 2), most: 100 },
  { box: interval(0.25, 4), most: 100 },
  { box: interval(-8, 8), most: 1000 },
  { box: interval(-1024, 1024), most: 30_000 },
];
/** Narrower boxes hold too few different values. */
const narrowest = 1 / 16;

/**
 * An interval for each operand on which the formula is finite: [-2, 2] or [0.25, 4] for all where that will do, else a large box found by
 * halving. Null where none is found; `given` are operands that are not ours to choose.
 */
export function domainOf(formula: ElementFormula, given: Box = {}): Box | null {
  const free = operandsOf(formula).filter((name) => !Object.hasOwn(given, name));
  const fits = (box: Box, most: number): boolean => {
    const reach = reachOf(formula, { ...box, ...given });
    return reach !== null && reach.low >= -most && reach.high <= most;
  };
  for (const { box: start, most } of starts) {
    let layer: Box[] = [Object.fromEntries(free.map((name) => [name, start]))];
    // The first two boxes are taken whole or not at all.
    const halves = start.low === -start.high && start.high > 2;
    for (let looked = 0; layer.length > 0 && looked < mostBoxes; ) {
      const next: Box[] = [];
      for (const box of layer) {
        if (fits(box, most)) return box;
        if (halves && looked++ < mostBoxes) next.push(...split(box));
      }
      layer = next;
      if (!halves) break;
    }
  }
  return null;
}

/** The halves of a box along its widest side, the upper one first; none where the box is narrow. */
function split(box: Box): Box[] {
  const [widest, ...rest] = Object.keys(box);
  if (widest === undefined) return [];
  const width = (name: string): number => (box[name] as ValueInterval).high - (box[name] as ValueInterval).low;
  const name = rest.reduce((best, other) => (width(other) > width(best) ? other : best), widest);
  if (width(name) <= narrowest) return [];
  const { low, high } = box[name] as ValueInterval;
  const middle = (low + high) / 2;
  return [
    { ...box, [name]: interval(middle, high) },
    { ...box, [name]: interval(low, middle) },
  ];
}

/** Some 100 to 250 values in an interval, all of them exact in f16: the step is a power of two, and no value has more than 11 bits. */
function fillOf({ low, high }: ValueInterval): Fill {
  if (high - low >= 3 && Math.max(-low, high) <= 16) return reals(low, high);
  const largest = Math.max(-low, high);
  const step = 2 ** Math.floor(Math.log2(Math.max((high - low) / 128, largest / 1024)));
  return reals(Math.ceil(low / step) * step, high, step);
}

/** What each operand is filled with: integers where results are exact, else numbers on which the formula is defined, where there are any. */
export function fillsFor(formula: ElementFormula, limit: number, given: Box = {}): Readonly<Record<string, Fill>> {
  const free = operandsOf(formula).filter((name) => !Object.hasOwn(given, name));
  const all = (fill: (name: string) => Fill) => Object.fromEntries(free.map((name) => [name, fill(name)]));
  if (isExactOnIntegers(formula, limit)) return all(() => integers(-integerMagnitude, integerMagnitude));
  const box = domainOf(formula, given);
  return all((name) => (box === null ? reals(0.25, 4) : fillOf(box[name] as ValueInterval)));
}

/** Whether the formula gives a finite number on at least some of the inputs it is verified with; else nothing could be checked. */
export function isEverFinite(formula: ElementFormula): boolean {
  const fills = fillsFor(formula, exactIntegerLimit.f32);
  const random = createRandom(1);
  const draw = ({ low, high, step }: Fill): number => low + step * random.below(Math.floor((high - low) / step) + 1);
  return Array.from({ length: 64 }).some(() =>
    Number.isFinite(
      numberOf(formula, Object.fromEntries(Object.entries(fills).map(([name, fill]) => [name, draw(fill)]))),
    ),
  );
}

/** How far WGSL allows a sine to be off, beyond what it allows other functions. */
const ofSines = 6e-4;

/**
 * How far a formula's results may be off. WGSL allows tanh an absolute error of 1e-5 and exp a few units in the last place; an expression
 * nests a handful of them. f16 rounds the result to 11 bits, and a device may flush its subnormals to zero.
 */
export function ownTolerance(
  formula: ElementFormula,
  dtype: 'f32' | 'f16',
): { readonly absolute: number; readonly relative: number } {
  const own = dtype === 'f32' ? { absolute: 1e-4, relative: 1e-4 } : { absolute: 2e-4, relative: 2e-3 };
  return usesSines(formula) ? { ...own, absolute: own.absolute + ofSines } : own;
}

function usesSines(formula: ElementFormula): boolean {
  switch (formula.kind) {
    case 'number':
    case 'operand':
      return false;
    case 'negate':
      return usesSines(formula.a);
    case 'binary':
      return usesSines(formula.a) || usesSines(formula.b);
    case 'call':
      return formula.name === 'sin' || formula.name === 'cos' || formula.args.some(usesSines);
  }
}
