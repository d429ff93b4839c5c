import type {
  BinaryExpr,
  BinaryOp,
  CastExpr,
  DType,
  Expr,
  FloatExpr,
  For,
  IntExpr,
  LoadExpr,
  LoopMode,
  SelectExpr,
  Seq,
  Stmt,
  UnaryExpr,
  UnaryOp,
  VarExpr,
} from './nodes.ts';

const smallInts: readonly IntExpr[] = Array.from({ length: 257 }, (_, value) => Object.freeze({ kind: 'int', value }));

export function int(value: number): IntExpr {
  return smallInts[value] ?? { kind: 'int', value };
}
export function float(value: number, dtype: DType = 'f32'): FloatExpr {
  return { kind: 'float', value, dtype };
}
export function variable(name: string): VarExpr {
  return { kind: 'var', name };
}
export function load(buffer: string, indices: readonly Expr[]): LoadExpr {
  return { kind: 'load', buffer, indices };
}
export function unary(op: UnaryOp, a: Expr): UnaryExpr {
  return { kind: 'unary', op, a };
}
export function binary(op: BinaryOp, a: Expr, b: Expr): BinaryExpr {
  return { kind: 'binary', op, a, b };
}
export function select(condition: Expr, then: Expr, otherwise: Expr): SelectExpr {
  return { kind: 'select', condition, then, otherwise };
}
export function cast(dtype: DType, a: Expr): CastExpr {
  return { kind: 'cast', dtype, a };
}
export const add = (a: Expr, b: Expr): BinaryExpr => binary('add', a, b);
export const sub = (a: Expr, b: Expr): BinaryExpr => binary('sub', a, b);
export const mul = (a: Expr, b: Expr): BinaryExpr => binary('mul', a, b);
export const div = (a: Expr, b: Expr): BinaryExpr => binary('div', a, b);
export const mod = (a: Expr, b: Expr): BinaryExpr => binary('mod', a, b);
export const lt = (a: Expr, b: Expr): BinaryExpr => binary('lt', a, b);

export function forLoop(name: string, extent: number, body: Stmt, mode: LoopMode = 'serial'): For {
  return { kind: 'for', name, extent, mode, body };
}

/** A sequence; nested sequences are flattened and a sequence of one is its element. */
export function seq(body: readonly Stmt[]): Stmt {
  const flat: Stmt[] = [];
  for (const stmt of body) {
    if (stmt.kind === 'seq') flat.push(...stmt.body);
    else flat.push(stmt);
  }
  const only = flat[0];
  if (flat.length === 1 && only !== undefined) return only;
  return { kind: 'seq', body: flat } satisfies Seq;
}
