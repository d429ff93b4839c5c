import { int } from '../ir/builders.ts';
import type { Expr } from '../ir/nodes.ts';
import { holdsLoad, varsOf } from '../ir/visit.ts';
import { boundsOf, type Ranges } from './bounds.ts';
import { addTerm, constantDifference, exprOfLinear, floorDiv, linearOf, type Term } from './linear.ts';
import { simplify } from './simplify.ts';

/** What an index expression covers while some variables run and the others stand still: [base, base + extent). */
export interface Span {
  readonly base: Expr;
  readonly extent: number;
}

/**
 * The span of an index while the variables of `relaxed` run over their ranges. The base is in terms of the other variables only.
 * A superset where a floor division or remainder mixes both kinds.
 */
export function spanOf(index: Expr, relaxed: ReadonlySet<string>, ranges: Ranges): Span {
  const linear = linearOf(simplify(index, ranges));
  const fixed = new Map<string, Term>();
  let low = linear.constant;
  let reach = 0;
  for (const { atom, coefficient } of linear.terms.values()) {
    const vars = [...varsOf(atom)];
    // What a position is, is not known before the kernel runs.
    const loaded = atom.kind !== 'var' && holdsLoad(atom);
    if (!loaded && vars.every((name) => !relaxed.has(name))) {
      addTerm(fixed, atom, coefficient);
      continue;
    }
    const mixed = !loaded && vars.some((name) => !relaxed.has(name));
    const part = mixed ? mixedSpan(atom, relaxed, ranges) : pureSpan(atom, ranges);
    if (part.base.kind !== 'int') addTerm(fixed, part.base, coefficient);
    const offset = part.base.kind === 'int' ? part.base.value : 0;
    low += coefficient > 0 ? coefficient * offset : coefficient * (offset + part.extent - 1);
    reach += Math.abs(coefficient) * (part.extent - 1);
  }
  return { base: exprOfLinear({ terms: fixed, constant: low }), extent: reach + 1 };
}

/**
 * The span of an index that takes every value in it, or null where the index may leave gaps: the relaxed variables must stand in plain sums
 * whose coefficients leave none, as splits make them.
 */
export function denseSpanOf(index: Expr, relaxed: ReadonlySet<string>, ranges: Ranges): Span | null {
  const linear = linearOf(simplify(index, ranges));
  const steps: { readonly coefficient: number; readonly extent: number }[] = [];
  for (const { atom, coefficient } of linear.terms.values()) {
    if ([...varsOf(atom)].every((name) => !relaxed.has(name))) continue;
    if (atom.kind !== 'var' || coefficient < 0) return null;
    const { min, max } = boundsOf(atom, ranges);
    steps.push({ coefficient, extent: max - min + 1 });
  }
  let reach = 1;
  for (const { coefficient, extent } of steps.sort((a, b) => a.coefficient - b.coefficient)) {
    if (coefficient > reach) return null;
    reach += coefficient * (extent - 1);
  }
  return spanOf(index, relaxed, ranges);
}

function pureSpan(atom: Expr, ranges: Ranges): Span {
  const { min, max } = boundsOf(atom, ranges);
  return { base: int(min), extent: max - min + 1 };
}

/** floor((f + r) / c) - floor(f / c) <= floor((R + c - 1) / c) for 0 <= r <= R; a remainder may be anything in [0, c). */
function mixedSpan(atom: Expr, relaxed: ReadonlySet<string>, ranges: Ranges): Span {
  if (atom.kind === 'binary' && atom.op === 'div' && atom.b.kind === 'int') {
    const inner = spanOf(atom.a, relaxed, ranges);
    return {
      base: floorDiv(inner.base, atom.b.value),
      extent: Math.floor((inner.extent - 1 + atom.b.value - 1) / atom.b.value) + 1,
    };
  }
  return pureSpan(atom, ranges);
}

/** The smallest span that covers both, or null when the distance between them is not a constant. */
export function unionSpan(a: Span, b: Span): Span | null {
  const distance = constantDifference(b.base, a.base);
  if (distance === null) return null;
  const start = Math.min(0, distance);
  const end = Math.max(a.extent, distance + b.extent);
  return { base: start === 0 ? a.base : b.base, extent: end - start };
}

/** Whether a span with a constant base holds the whole of a dimension. */
export function covers(span: Span, extent: number): boolean {
  return span.base.kind === 'int' && span.base.value <= 0 && span.base.value + span.extent >= extent;
}

/** The whole of a dimension. */
export function wholeSpan(extent: number): Span {
  return { base: int(0), extent };
}
