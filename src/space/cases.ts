import { keyOf } from '../arithmetic/linear.ts';
import type { Block, Expr } from '../ir/nodes.ts';
import { printExpr } from '../ir/printer.ts';
import { readsOf, walkExpr } from '../ir/visit.ts';
import type { AccessInfo, StageInfo } from './stage.ts';

/** Formulas among which an index chooses: the first where it is 0, the second where it is 1, and so on. */
interface Cases {
  /** The iter, and after how many of its iterations the formulas come again. */
  readonly iter: string;
  readonly period: number;
  readonly formulas: readonly Expr[];
}

/** The cases of an expression that is a choice by an iter, or by an iter's remainder; null for any other. */
export function casesOf(expr: Expr): Cases | null {
  const formulas: Expr[] = [];
  let at: Expr | null = null;
  let rest = expr;
  while (rest.kind === 'select') {
    const { condition } = rest;
    if (condition.kind !== 'binary' || condition.op !== 'eq' || condition.b.kind !== 'int') break;
    if (condition.b.value !== formulas.length || (at !== null && keyOf(at) !== keyOf(condition.a))) break;
    at = condition.a;
    formulas.push(rest.then);
    rest = rest.otherwise;
  }
  formulas.push(rest);
  const period = formulas.length;
  if (at?.kind === 'var') return { iter: at.name, period, formulas };
  if (at?.kind !== 'binary' || at.op !== 'mod' || at.a.kind !== 'var') return null;
  return at.b.kind === 'int' && at.b.value === period ? { iter: at.a.name, period, formulas } : null;
}

/** For each iter by which a block chooses among formulas, after how many iterations they come again. */
export function periodsOf(block: Block): ReadonlyMap<string, number> {
  const periods = new Map<string, number>();
  for (const { value } of block.writes)
    walkExpr(value, (node) => {
      const cases = casesOf(node);
      if (cases === null) return node.kind !== 'load';
      periods.set(cases.iter, cases.period);
      return false;
    });
  return periods;
}

/** The places at which a stage's formulas read a buffer, apart from where its iters stand. */
export function namedElements({ block }: StageInfo, { buffer }: AccessInfo): readonly string[] {
  const own = readsOf(block).filter((read) => read.buffer === buffer.name);
  return [...new Set(own.map(({ indices }) => indices.map(printExpr).join()))];
}
