import type { BinaryOp, Expr } from '../../src/ir/nodes.ts';

const operations: Record<BinaryOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  min: Math.min,
  maxNumber: (a, b) => Math.max(a, b),
  max: Math.max,
  pow: (a, b) => a ** b,
  shr: (a, b) => a >>> b,
  bitAnd: (a, b) => (a & b) >>> 0,
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
};

/** The value of an index expression at a point, straight from the definition, by which the arithmetic is judged. */
export function evaluate(expr: Expr, point: ReadonlyMap<string, number>): number {
  switch (expr.kind) {
    case 'int':
      return expr.value;
    case 'var': {
      const value = point.get(expr.name);
      if (value === undefined) throw new Error(`no value for ${expr.name}`);
      return value;
    }
    case 'binary':
      return operations[expr.op](evaluate(expr.a, point), evaluate(expr.b, point));
    case 'select':
      return evaluate(evaluate(expr.condition, point) !== 0 ? expr.then : expr.otherwise, point);
    default:
      throw new Error(`${expr.kind} is no index expression`);
  }
}

/** Every point of a box, by variable name. */
export function* pointsOf(extents: Readonly<Record<string, number>>): Generator<Map<string, number>> {
  const names = Object.keys(extents);
  const total = names.reduce((product, name) => product * (extents[name] as number), 1);
  for (let flat = 0; flat < total; flat++) {
    const point = new Map<string, number>();
    let left = flat;
    for (const name of names) {
      const extent = extents[name] as number;
      point.set(name, left % extent);
      left = Math.floor(left / extent);
    }
    yield point;
  }
}
