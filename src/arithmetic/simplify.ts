import { binary, int } from '../ir/builders.ts';
import type { BinaryExpr, Expr } from '../ir/nodes.ts';
import { mapChildren } from '../ir/visit.ts';
import { boundsOf, type Ranges } from './bounds.ts';
import { addTerm, exprOfLinear, floorDiv, floorMod, gcd, type Linear, linearOf, type Term } from './linear.ts';

/**
 * Simplifies every index expression inside an expression, given the bounds of its variables. The result equals the original for all
 * values in bounds; float arithmetic is left as it is (its order is part of the meaning). Table of rules in the style of Halide's and
 * TVM's rewrite simplifiers, with the linear form doing the work of most of them.
 * A variable stays in sums even where its range is one value, because primitives must see which loop drives which iter.
 */
export function simplify(expr: Expr, ranges: Ranges): Expr {
  const node = mapChildren(expr, (child) => simplify(child, ranges));
  if (node.kind === 'select') {
    const { min, max } = isIndex(node.condition) ? boundsOf(node.condition, ranges) : { min: 0, max: 1 };
    if (min >= 1) return node.then;
    if (max <= 0) return node.otherwise;
    return node;
  }
  if (node.kind !== 'binary' || !isIndex(node)) return node;
  return (indexRules[node.op] ?? keep)(node, ranges);
}

type Rule = (expr: BinaryExpr, ranges: Ranges) => Expr;

const keep: Rule = (expr) => expr;

const linearRule: Rule = (expr, ranges) => exprOfLinear(mergeDivMod(linearOf(expr), ranges));

const compareRule: Rule = (expr, ranges) => {
  const { min, max } = boundsOf(expr, ranges);
  if (min >= 1) return int(1);
  if (max <= 0) return int(0);
  return expr;
};

const indexRules: { readonly [op in BinaryExpr['op']]?: Rule } = {
  add: linearRule,
  sub: linearRule,
  mul: linearRule,
  div: (expr, ranges) => (expr.b.kind === 'int' && expr.b.value > 0 ? divide(expr.a, expr.b.value, ranges) : expr),
  mod: (expr, ranges) => (expr.b.kind === 'int' && expr.b.value > 0 ? remainder(expr.a, expr.b.value, ranges) : expr),
  min: (expr, ranges) => {
    const { min, max } = boundsOf(binary('sub', expr.a, expr.b), ranges);
    return max <= 0 ? expr.a : min >= 0 ? expr.b : expr;
  },
  max: (expr, ranges) => {
    const { min, max } = boundsOf(binary('sub', expr.a, expr.b), ranges);
    return min >= 0 ? expr.a : max <= 0 ? expr.b : expr;
  },
  lt: compareRule,
  le: compareRule,
  gt: compareRule,
  ge: compareRule,
  eq: compareRule,
  ne: compareRule,
  and: (expr) => {
    if (expr.a.kind === 'int') return expr.a.value === 0 ? int(0) : expr.b;
    if (expr.b.kind === 'int') return expr.b.value === 0 ? int(0) : expr.a;
    return expr;
  },
  or: (expr) => {
    if (expr.a.kind === 'int') return expr.a.value === 0 ? expr.b : int(1);
    if (expr.b.kind === 'int') return expr.b.value === 0 ? expr.a : int(1);
    return expr;
  },
};

/** True for expressions over integers only: no float, no load, no cast, no unary. */
export function isIndex(expr: Expr): boolean {
  switch (expr.kind) {
    case 'int':
    case 'var':
      return true;
    case 'binary':
      return isIndex(expr.a) && isIndex(expr.b);
    case 'select':
      return isIndex(expr.condition) && isIndex(expr.then) && isIndex(expr.otherwise);
    default:
      return false;
  }
}

/** Parts of a linear form: terms whose coefficients the divisor divides, and the rest. The constant is split into a multiple and a remainder. */
function splitByDivisor(linear: Linear, c: number): { whole: Linear; rest: Linear } {
  const whole = new Map<string, Term>();
  const rest = new Map<string, Term>();
  for (const [key, term] of linear.terms) (term.coefficient % c === 0 ? whole : rest).set(key, term);
  const wholeConstant = Math.floor(linear.constant / c) * c;
  return {
    whole: { terms: whole, constant: wholeConstant },
    rest: { terms: rest, constant: linear.constant - wholeConstant },
  };
}

/** (c*x + r) // c = x + r // c; and r // c = 0 where 0 <= r < c. */
function divide(a: Expr, c: number, ranges: Ranges): Expr {
  if (c === 1) return a;
  const linear = linearOf(a);
  const { whole, rest } = splitByDivisor(linear, c);
  const quotient = new Map<string, Term>();
  for (const { atom, coefficient } of whole.terms.values()) addTerm(quotient, atom, coefficient / c);
  let constant = whole.constant / c;
  if (rest.terms.size > 0 || rest.constant !== 0) {
    const restExpr = exprOfLinear(rest);
    const bounds = boundsOf(restExpr, ranges);
    const low = Math.floor(bounds.min / c);
    if (low === Math.floor(bounds.max / c)) constant += low;
    else addTerm(quotient, quotientAtom(rest, c, ranges), 1);
  }
  return exprOfLinear({ terms: quotient, constant });
}

function quotientAtom(rest: Linear, c: number, ranges: Ranges): Expr {
  // (g*x + r) // (g*d) = x // d where 0 <= r < g
  const scaled = scaledPart(rest, c, ranges);
  if (scaled !== null) return divide(exprOfLinear(scaled.quotient), c / scaled.g, ranges);
  const only = rest.terms.size === 1 && rest.constant === 0 ? [...rest.terms.values()][0] : undefined;
  // (x // a) // c = x // (a * c)
  if (
    only &&
    only.coefficient === 1 &&
    only.atom.kind === 'binary' &&
    only.atom.op === 'div' &&
    only.atom.b.kind === 'int'
  ) {
    return divide(only.atom.a, only.atom.b.value * c, ranges);
  }
  return floorDiv(exprOfLinear(rest), c);
}

/** (c*x + r) % c = r % c; and r % c = r where 0 <= r < c. */
function remainder(a: Expr, c: number, ranges: Ranges): Expr {
  if (c === 1) return int(0);
  const { rest } = splitByDivisor(linearOf(a), c);
  const restExpr = exprOfLinear(rest);
  const bounds = boundsOf(restExpr, ranges);
  const low = Math.floor(bounds.min / c);
  if (low === Math.floor(bounds.max / c)) {
    return exprOfLinear({ terms: rest.terms, constant: rest.constant - low * c });
  }
  // (g*x + r) % (g*d) = g * (x % d) + r where 0 <= r < g
  const scaled = scaledPart(rest, c, ranges);
  if (scaled !== null) {
    const inner = linearOf(remainder(exprOfLinear(scaled.quotient), c / scaled.g, ranges));
    const terms = new Map<string, Term>();
    for (const { atom, coefficient } of inner.terms.values()) addTerm(terms, atom, coefficient * scaled.g);
    for (const { atom, coefficient } of scaled.remainder.terms.values()) addTerm(terms, atom, coefficient);
    return exprOfLinear({ terms, constant: inner.constant * scaled.g + scaled.remainder.constant });
  }
  // (x % (c * d)) % c = x % c
  const only = rest.terms.size === 1 && rest.constant === 0 ? [...rest.terms.values()][0] : undefined;
  if (
    only &&
    only.coefficient === 1 &&
    only.atom.kind === 'binary' &&
    only.atom.op === 'mod' &&
    only.atom.b.kind === 'int' &&
    only.atom.b.value % c === 0
  ) {
    return remainder(only.atom.a, c, ranges);
  }
  return floorMod(restExpr, c);
}

interface ScaledPart {
  readonly g: number;
  readonly quotient: Linear;
  /** In [0, g). */
  readonly remainder: Linear;
}

/** A linear form as g*quotient + remainder with 0 <= remainder < g, for the largest such divisor g > 1 of c; null where there is none. */
function scaledPart(linear: Linear, c: number, ranges: Ranges): ScaledPart | null {
  const divisors = new Set<number>();
  for (const { coefficient } of linear.terms.values()) divisors.add(gcd(c, Math.abs(coefficient)));
  let common = c;
  for (const divisor of divisors) common = gcd(common, divisor);
  divisors.add(common);
  for (const g of [...divisors].sort((a, b) => b - a)) {
    if (g === 1) return null;
    const { whole, rest } = splitByDivisor(linear, g);
    const { min, max } = boundsOf(exprOfLinear(rest), ranges);
    const block = Math.floor(min / g);
    if (block !== Math.floor(max / g) || !Number.isFinite(block)) continue;
    const quotient = new Map<string, Term>();
    for (const { atom, coefficient } of whole.terms.values()) addTerm(quotient, atom, coefficient / g);
    return {
      g,
      quotient: { terms: quotient, constant: whole.constant / g + block },
      remainder: { terms: rest.terms, constant: rest.constant - block * g },
    };
  }
  return null;
}

/**
 * q*c*(x // c) + q*(x % c) = q*x, q*c*((x % m) // c) + q*(x % c) = q*(x % m) where c divides m, and what `partOfLonger` says: such sums are
 * left behind where loops are fused and split again.
 */
function mergeDivMod(linear: Linear, ranges: Ranges): Linear {
  for (const { atom, coefficient } of linear.terms.values()) {
    if (atom.kind !== 'binary' || atom.op !== 'mod' || atom.b.kind !== 'int') continue;
    const c = atom.b.value;
    const around = [...linear.terms.values()].find(
      (term) => term.coefficient === coefficient * c && isQuotientOfPart(term.atom, atom.a, c),
    );
    if (around?.atom.kind === 'binary') {
      const terms = new Map(linear.terms);
      addTerm(terms, atom, -coefficient);
      addTerm(terms, around.atom, -around.coefficient);
      addTerm(terms, around.atom.a, coefficient);
      return mergeDivMod({ terms, constant: linear.constant }, ranges);
    }
    const quotient = linearOf(divide(atom.a, c, ranges));
    const partner = [...quotient.terms.values()].find((term) => term.atom.kind === 'binary' && term.atom.op === 'div');
    if (partner === undefined || quotient.terms.size !== 1 || quotient.constant !== 0 || partner.coefficient !== 1)
      continue;
    const terms = new Map(linear.terms);
    const held = [...terms.values()].find((term) => sameAtom(term.atom, partner.atom));
    if (held === undefined || held.coefficient !== coefficient * c) {
      const joined = partOfLonger(linear, atom.a, c, coefficient, partner.atom);
      if (joined === null) continue;
      addTerm(terms, atom, -coefficient);
      addTerm(terms, joined.term.atom, -joined.term.coefficient);
      const longer = linearOf(remainder(joined.of, joined.modulus, ranges));
      for (const term of longer.terms.values()) addTerm(terms, term.atom, term.coefficient * coefficient);
      return mergeDivMod({ terms, constant: linear.constant + longer.constant * coefficient }, ranges);
    }
    addTerm(terms, atom, -coefficient);
    addTerm(terms, held.atom, -held.coefficient);
    const whole = linearOf(atom.a);
    for (const term of whole.terms.values()) addTerm(terms, term.atom, term.coefficient * coefficient);
    return mergeDivMod({ terms, constant: linear.constant + whole.constant * coefficient }, ranges);
  }
  return linear;
}

/** q*c*((a + x // c) % m) + q*(x % c) = q*((c*a + x) % (c*m)): the term with the sum, what stands before % on the right, and c*m. */
function partOfLonger(
  linear: Linear,
  x: Expr,
  c: number,
  coefficient: number,
  quotient: Expr,
): { readonly term: Term; readonly of: Expr; readonly modulus: number } | null {
  for (const term of linear.terms.values()) {
    const { atom } = term;
    if (term.coefficient !== coefficient * c || atom.kind !== 'binary' || atom.op !== 'mod' || atom.b.kind !== 'int')
      continue;
    const inner = linearOf(atom.a);
    const own = [...inner.terms.values()].find(
      (one) => one.coefficient === 1 && (sameAtom(one.atom, quotient) || isQuotientOfPart(one.atom, x, c)),
    );
    if (own === undefined) continue;
    const whole = linearOf(own.atom.kind === 'binary' && !sameAtom(own.atom, quotient) ? own.atom.a : x);
    const terms = new Map<string, Term>();
    for (const one of inner.terms.values())
      for (const { atom: part, coefficient: times } of one === own ? whole.terms.values() : [one])
        addTerm(terms, part, one === own ? times : times * c);
    const of = exprOfLinear({ terms, constant: whole.constant + inner.constant * c });
    return { term, of, modulus: c * atom.b.value };
  }
  return null;
}

/** (x % m) // c, where c divides m. */
function isQuotientOfPart(atom: Expr, x: Expr, c: number): boolean {
  if (atom.kind !== 'binary' || atom.op !== 'div' || atom.b.kind !== 'int' || atom.b.value !== c) return false;
  const { a } = atom;
  return a.kind === 'binary' && a.op === 'mod' && a.b.kind === 'int' && a.b.value % c === 0 && sameAtom(a.a, x);
}

function sameAtom(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'var') return a.name === (b as typeof a).name;
  if (a.kind === 'int') return a.value === (b as typeof a).value;
  if (a.kind === 'binary') {
    const other = b as typeof a;
    return a.op === other.op && sameAtom(a.a, other.a) && sameAtom(a.b, other.b);
  }
  return false;
}

/** Whether a simplified condition always holds. A condition that never holds is not certain: it must stay, so that its block never runs. */
export function isCertain(condition: Expr): boolean {
  return condition.kind === 'int' && condition.value !== 0;
}

/** Conjunction of conditions; `1` when there are none. */
export function conjunction(conditions: readonly Expr[]): Expr {
  return conditions.reduce<Expr>(
    (all, next) => (all.kind === 'int' && all.value === 1 ? next : binary('and', all, next)),
    int(1),
  );
}
