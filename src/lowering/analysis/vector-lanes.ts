import { linearOf } from '../../arithmetic/linear.ts';
import { binary, int } from '../../ir/builders.ts';
import type { Expr } from '../../ir/nodes.ts';
import { substitute, usesVar } from '../../ir/visit.ts';
import { upperBound } from './domain.ts';

/** `base + v < E` for all lanes v of a vector at once: `base < E`, where both are multiples of the width. Null when a vector may be cut. */
export function withoutLane(conjunct: Expr, lane: string, width: number): Expr | null {
  if (!usesVar(conjunct, lane)) return conjunct;
  const bound = upperBound(conjunct);
  if (bound === null || bound.limit % width !== 0) return null;
  const base = alignedBase(bound.expr, lane, width);
  return base === null ? null : binary('lt', base, int(bound.limit));
}

/** The expression at lane 0, when it is `base + lane` with a base that is a multiple of the width. */
export function alignedBase(expr: Expr, lane: string, width: number): Expr | null {
  const linear = linearOf(expr);
  if (linear.constant % width !== 0) return null;
  let seen = false;
  for (const { atom, coefficient } of linear.terms.values()) {
    if (atom.kind === 'var' && atom.name === lane) {
      if (coefficient !== 1) return null;
      seen = true;
    } else if (coefficient % width !== 0 || usesVar(atom, lane)) return null;
  }
  return seen ? substitute(expr, new Map([[lane, int(0)]])) : null;
}
