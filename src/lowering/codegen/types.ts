import type { KBinaryOp, KExpr, KType, Width } from '../../ir/kernel.ts';

const types = new Map<string, KType>();

/** The only object for a type, so that types can be compared with ===. */
export function typeOf(scalar: KType['scalar'], width: Width): KType {
  const key = `${scalar}${width}`;
  let type = types.get(key);
  if (type === undefined) {
    type = Object.freeze({ scalar, width });
    types.set(key, type);
  }
  return type;
}

export const u32 = typeOf('u32', 1);
export const i32 = typeOf('i32', 1);
export const bool = typeOf('bool', 1);

/** A u32; a negative value wraps. */
export function literal(value: number): KExpr {
  return { kind: 'literal', type: u32, value: value >= 0 ? value : value + 2 ** 32 };
}

export function op(name: KBinaryOp, a: KExpr, b: KExpr, type = u32): KExpr {
  return { kind: 'binary', type, op: name, a, b };
}

/** expr + constant on u32; a negative constant is subtracted, wrapping where the sum is only used under a guard. */
export function plus(expr: KExpr | null, constant: number): KExpr {
  if (expr === null) return literal(constant);
  if (constant === 0) return expr;
  return constant > 0 ? op('add', expr, literal(constant)) : op('sub', expr, literal(-constant));
}
