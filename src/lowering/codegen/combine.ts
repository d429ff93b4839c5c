import { variable } from '../../ir/builders.ts';
import type { KExpr } from '../../ir/kernel.ts';
import type { BinaryOp, DType, Expr, ReduceOp } from '../../ir/nodes.ts';
import { reducers } from '../../ir/reducers.ts';
import { walkExpr } from '../../ir/visit.ts';
import { assert } from '../../support/errors.ts';
import { nameValue } from './elements.ts';
import type { Emission } from './emission.ts';
import { typeOf } from './types.ts';
import { binaryCode, choose, convert, unaryCode } from './value-code.ts';

/** One value of a reduction: the old element and what is added to it, with the names these get where they are used repeatedly. */
export interface CombinedTerm {
  readonly old: KExpr;
  readonly added: KExpr;
  readonly dtype: DType;
  readonly oldName: string;
  readonly addedName: string;
}

/** The new elements of a reduction, in the order of its writes. Parts that the reducer's expressions share are computed once. */
export function combineCode(emission: Emission, op: ReduceOp, terms: readonly CombinedTerm[], hint: string): KExpr[] {
  const known = new Map<Expr, KExpr>();
  const x = terms.map((_, i) => variable(`x${i}`));
  const y = terms.map((_, i) => variable(`y${i}`));
  const dtypes = terms.map(({ dtype }) => dtype);
  const results = reducers[op].combine(x, y, dtypes);
  const uses = usesOf(results);
  const repeated = (expr: Expr): boolean => (uses.get(expr) ?? 0) > 1;
  terms.forEach((term, i) => {
    const [old, added] = [x[i] as Expr, y[i] as Expr];
    known.set(old, repeated(old) ? nameValue(emission, term.old, term.oldName) : term.old);
    known.set(added, repeated(added) ? nameValue(emission, term.added, term.addedName) : term.added);
  });
  const codeOf = (expr: Expr): KExpr => {
    const before = known.get(expr);
    if (before !== undefined) return before;
    const code = repeated(expr) ? nameValue(emission, compute(expr), hint) : compute(expr);
    known.set(expr, code);
    return code;
  };
  const compute = (expr: Expr): KExpr => {
    switch (expr.kind) {
      case 'float':
        return { kind: 'literal', type: typeOf(expr.dtype, 1), value: expr.value };
      case 'unary':
        return unaryCode(expr.op, codeOf(expr.a));
      case 'binary':
        return folded(expr.op, codeOf(expr.a), codeOf(expr.b));
      case 'select':
        return choose(codeOf(expr.condition), codeOf(expr.then), codeOf(expr.otherwise));
      case 'cast':
        return convert(codeOf(expr.a), expr.dtype);
      default:
        assert(false, () => `a reducer's expression holds a ${expr.kind}`);
    }
  };
  return results.map(codeOf);
}

/** How often each node of the expressions is used by another one; the roots count as used. */
function usesOf(roots: readonly Expr[]): ReadonlyMap<Expr, number> {
  const uses = new Map<Expr, number>();
  for (const root of roots) {
    walkExpr(root, (node) => {
      const count = uses.get(node) ?? 0;
      uses.set(node, count + 1);
      return count === 0;
    });
  }
  return uses;
}

/** A binary operation, folded where a constant of the added tuple (a count of 1, a deviation of 0) makes it superfluous. */
function folded(name: BinaryOp, a: KExpr, b: KExpr): KExpr {
  const is = (expr: KExpr, value: number): boolean => expr.kind === 'literal' && expr.value === value;
  if (name === 'mul' && is(a, 1)) return b;
  if (name === 'mul' && is(b, 1)) return a;
  if (name === 'add' && is(a, 0)) return b;
  if ((name === 'add' || name === 'sub') && is(b, 0)) return a;
  return binaryCode(name, a, b);
}
