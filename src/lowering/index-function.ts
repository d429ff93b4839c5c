import type { BinaryOp, Expr } from '../ir/nodes.ts';

/** An index expression or a condition (0 or 1) as a function of its variables' values. */
export type IndexFunction = (values: readonly number[]) => number;

const operations: Partial<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  min: Math.min,
  max: Math.max,
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  and: (a, b) => a * b,
  or: (a, b) => Math.max(a, b),
};

/** Compiles an expression over the variables named; null where it holds something that is no integer arithmetic on them. */
export function indexFunction(expr: Expr, names: readonly string[]): IndexFunction | null {
  if (expr.kind === 'int') return () => expr.value;
  if (expr.kind === 'var') {
    const at = names.indexOf(expr.name);
    return at < 0 ? null : (values) => values[at] as number;
  }
  if (expr.kind !== 'binary') return null;
  const operation = operations[expr.op];
  const a = indexFunction(expr.a, names);
  const b = indexFunction(expr.b, names);
  if (operation === undefined || a === null || b === null) return null;
  return (values) => operation(a(values), b(values));
}
