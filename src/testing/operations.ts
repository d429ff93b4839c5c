import { childrenOf, type KExpr, type Kernel, type KStmt } from '../ir/kernel.ts';

/**
 * Scalar operations that a kernel's text spells out, including index arithmetic, conditions and clamps: what a compiler has to work through,
 * however often a loop runs. A vector counts its width, because compilers for CPUs split it; literals, names and splats are free.
 */
export function operationsOf(kernel: Kernel): number {
  return count(kernel.body);
}

function count(body: readonly KStmt[]): number {
  let sum = 0;
  for (const stmt of body) sum += ofStatement(stmt);
  return sum;
}

function ofStatement(stmt: KStmt): number {
  switch (stmt.kind) {
    case 'let':
    case 'assign':
      return ofExpr(stmt.value);
    case 'var':
      return stmt.value === null ? 0 : ofExpr(stmt.value);
    case 'store':
      return stmt.type.width + ofExpr(stmt.index) + ofExpr(stmt.value);
    case 'if':
      return 1 + ofExpr(stmt.condition) + count(stmt.body);
    case 'for':
      // The counter, its comparison and its step.
      return 3 + count(stmt.body);
    case 'matrix-load':
      return 1 + ofExpr(stmt.from.index);
    case 'matrix-store':
      return 1 + ofExpr(stmt.to.index);
    case 'array':
      return 0;
    default:
      return 1;
  }
}

function ofExpr(expr: KExpr): number {
  const isFree =
    expr.kind === 'literal' || expr.kind === 'name' || expr.kind === 'construct' || expr.kind === 'component';
  let sum = isFree ? 0 : expr.type.width;
  for (const child of childrenOf(expr)) sum += ofExpr(child);
  return sum;
}
