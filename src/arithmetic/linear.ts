import { add, div, int, mod, mul, sub } from '../ir/builders.ts';
import type { Expr } from '../ir/nodes.ts';

/**
 * An index expression as an integer combination of atoms plus a constant: the normal form of quasi-affine arithmetic.
 * An atom is a variable or something linear arithmetic cannot look into (a div, a mod, a min ...), identified by its text.
 * Atoms keep the order in which they were met, so that printing a simplified expression is stable.
 */
export interface Linear {
  readonly terms: ReadonlyMap<string, Term>;
  readonly constant: number;
}
export interface Term {
  readonly atom: Expr;
  readonly coefficient: number;
}

/** The text that identifies an atom. */
export function keyOf(expr: Expr): string {
  switch (expr.kind) {
    case 'int':
      return String(expr.value);
    case 'float':
      return `${expr.value}${expr.dtype}`;
    case 'var':
      return expr.name;
    case 'load':
      return `${expr.buffer}[${expr.indices.map(keyOf).join(',')}]`;
    case 'unary':
      return `${expr.op}(${keyOf(expr.a)})`;
    case 'cast':
      return `${expr.dtype}(${keyOf(expr.a)})`;
    case 'binary':
      return `${expr.op}(${keyOf(expr.a)},${keyOf(expr.b)})`;
    case 'select':
      return `select(${keyOf(expr.condition)},${keyOf(expr.then)},${keyOf(expr.otherwise)})`;
  }
}

/** Splits an index expression into its linear form. */
export function linearOf(expr: Expr): Linear {
  const terms = new Map<string, Term>();
  const constant = accumulate(expr, 1, terms);
  return { terms, constant };
}

function accumulate(expr: Expr, factor: number, terms: Map<string, Term>): number {
  if (expr.kind === 'int') return factor * expr.value;
  if (expr.kind === 'binary') {
    if (expr.op === 'add') return accumulate(expr.a, factor, terms) + accumulate(expr.b, factor, terms);
    if (expr.op === 'sub') return accumulate(expr.a, factor, terms) + accumulate(expr.b, -factor, terms);
    if (expr.op === 'mul') {
      if (expr.b.kind === 'int') return accumulate(expr.a, factor * expr.b.value, terms);
      if (expr.a.kind === 'int') return accumulate(expr.b, factor * expr.a.value, terms);
    }
  }
  addTerm(terms, expr, factor);
  return 0;
}

export function addTerm(terms: Map<string, Term>, atom: Expr, coefficient: number): void {
  const key = keyOf(atom);
  const sum = (terms.get(key)?.coefficient ?? 0) + coefficient;
  if (sum === 0) terms.delete(key);
  else terms.set(key, { atom, coefficient: sum });
}

/** The expression of a linear form: positive terms first, then negative ones, then the constant. */
export function exprOfLinear(linear: Linear): Expr {
  let result: Expr | null = null;
  for (const { atom, coefficient } of linear.terms.values()) {
    if (coefficient > 0) {
      const term = coefficient === 1 ? atom : mul(atom, int(coefficient));
      result = result === null ? term : add(result, term);
    }
  }
  if (linear.constant > 0 || (result === null && linear.constant !== 0 && linear.terms.size > 0)) {
    result = result === null ? int(linear.constant) : add(result, int(linear.constant));
  }
  for (const { atom, coefficient } of linear.terms.values()) {
    if (coefficient < 0) {
      const term = coefficient === -1 ? atom : mul(atom, int(-coefficient));
      result = sub(result ?? int(0), term);
    }
  }
  if (result === null) return int(linear.constant);
  return linear.constant < 0 && hasPositive(linear) ? sub(result, int(-linear.constant)) : result;
}

function hasPositive(linear: Linear): boolean {
  for (const { coefficient } of linear.terms.values()) if (coefficient > 0) return true;
  return false;
}

/** a - b as a linear form. */
export function difference(a: Expr, b: Expr): Linear {
  return linearOf(sub(a, b));
}

/** The constant a - b, or null when it is not one. */
export function constantDifference(a: Expr, b: Expr): number | null {
  const linear = difference(a, b);
  return linear.terms.size === 0 ? linear.constant : null;
}

/** x // c and x % c with a constant divisor, folded where x is a constant. */
export function floorDiv(x: Expr, c: number): Expr {
  if (c === 1) return x;
  return x.kind === 'int' ? int(Math.floor(x.value / c)) : div(x, int(c));
}
export function floorMod(x: Expr, c: number): Expr {
  if (c === 1) return int(0);
  return x.kind === 'int' ? int(x.value - Math.floor(x.value / c) * c) : mod(x, int(c));
}

/** The greatest common divisor. */
export function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
