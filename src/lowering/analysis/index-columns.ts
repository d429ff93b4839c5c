import type { BinaryOp, Expr } from '../../ir/nodes.ts';

type Operation = (a: number, b: number) => number;

const operations: Partial<Record<BinaryOp, Operation>> = {
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

/** Every combination of some variables' values, over which expressions are evaluated: one column per variable. */
interface Instances {
  readonly count: number;
  readonly columns: ReadonlyMap<string, Int32Array>;
}

/** All combinations of variables that count from 0 to below their extents; the first moves fastest. */
export function instancesOf(extents: ReadonlyMap<string, number>): Instances {
  let count = 1;
  for (const extent of extents.values()) count *= extent;
  const columns = new Map<string, Int32Array>();
  let period = 1;
  for (const [name, extent] of extents) {
    const column = new Int32Array(count);
    for (let at = 0, value = 0; at < count; value = value + 1 === extent ? 0 : value + 1)
      for (const end = at + period; at < end; at++) column[at] = value;
    columns.set(name, column);
    period *= extent;
  }
  return { count, columns };
}

/**
 * An index expression or a condition (0 or 1) for all instances at once. Each operation is one plain loop; a function called for each instance
 * took several times as long. Null where the expression holds something that is no integer arithmetic on the variables. The column is for
 * reading only: it may be that of a variable itself.
 */
export function indexColumn(expr: Expr, instances: Instances): Int32Array | null {
  if (expr.kind === 'int') return new Int32Array(instances.count).fill(expr.value);
  if (expr.kind === 'var') return instances.columns.get(expr.name) ?? null;
  if (expr.kind !== 'binary') return null;
  const a = indexColumn(expr.a, instances);
  if (a === null) return null;
  if (expr.b.kind === 'int') return withConstant(expr.op, a, expr.b.value);
  const b = indexColumn(expr.b, instances);
  const operation = operations[expr.op];
  if (operation === undefined || b === null) return null;
  const out = new Int32Array(a.length);
  if (expr.op === 'add') for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) + (b[i] as number);
  else for (let i = 0; i < out.length; i++) out[i] = operation(a[i] as number, b[i] as number);
  return out;
}

/** A tile's indices are nearly all scaled by, compared with or divided by constants, so these operations have loops of their own. */
function withConstant(op: BinaryOp, a: Int32Array, b: number): Int32Array | null {
  const out = new Int32Array(a.length);
  const operation = operations[op];
  if (operation === undefined) return null;
  if (op === 'mul') for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) * b;
  else if (op === 'lt') for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) < b ? 1 : 0;
  else if (op === 'div') for (let i = 0; i < out.length; i++) out[i] = Math.floor((a[i] as number) / b);
  else if (op === 'mod')
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) - b * Math.floor((a[i] as number) / b);
  else for (let i = 0; i < out.length; i++) out[i] = operation(a[i] as number, b);
  return out;
}
