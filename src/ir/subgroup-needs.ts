import type { SubgroupNeeds } from './artifact.ts';
import { childrenOf, eachExpr, eachStmt, type KExpr, type Kernel, type KMatrix } from './kernel.ts';
import type { SubgroupMatrixConfig } from './limits.ts';

/**
 * The subgroups on which a kernel is right, read off its statements. Values exchanged in a group of lanes need subgroups of at least the
 * group's size; where a lane's number in the group is taken for its number in the subgroup, of exactly that size. Matrices are computed by all
 * lanes of a row along x: subgroups may divide the row, and then do the same twice, but must not reach over its end.
 */
export function subgroupNeedsOf({ body, workgroupSize: [row] }: Kernel): SubgroupNeeds | null {
  let minSize = 0;
  let maxSize = Number.POSITIVE_INFINITY;
  const look = (expr: KExpr): void => {
    if (expr.kind === 'exchange') {
      minSize = Math.max(minSize, expr.lanes);
      if (expr.whole) maxSize = Math.min(maxSize, expr.lanes);
    }
    for (const child of childrenOf(expr)) look(child);
  };
  eachStmt(body, (stmt) => {
    eachExpr(stmt, look);
    if (!stmt.kind.startsWith('matrix')) return;
    minSize = Math.max(minSize, 1);
    maxSize = Math.min(maxSize, row & -row);
  });
  if (minSize === 0) return null;
  return { minSize, maxSize: Number.isFinite(maxSize) ? maxSize : null };
}

/** The products of matrices in a kernel, each kind once. */
export function matrixConfigsOf({ body }: Kernel): readonly SubgroupMatrixConfig[] {
  const matrices = new Map<string, KMatrix>();
  const configs = new Map<string, SubgroupMatrixConfig>();
  eachStmt(body, (stmt) => {
    if (stmt.kind === 'matrix' || stmt.kind === 'matrix-load') matrices.set(stmt.name, stmt.matrix);
    if (stmt.kind !== 'matrix-multiply') return;
    const [left, right, result] = [stmt.left, stmt.right, stmt.result].map((name) => matrices.get(name));
    if (left === undefined || right === undefined || result === undefined) return;
    if (left.scalar === 'bool' || result.scalar === 'bool') return;
    const { rows: m, columns: k } = left;
    const config = { component: left.scalar, result: result.scalar, m, n: right.columns, k };
    configs.set(JSON.stringify(config), config);
  });
  return [...configs.values()];
}

/** The needs as a comment of the kernel's text, for readers who have the text without its manifest. */
export function describeSubgroups({ minSize, maxSize }: SubgroupNeeds): string {
  const most =
    maxSize === null ? `at least ${minSize}` : maxSize === minSize ? `exactly ${minSize}` : `${minSize} to ${maxSize}`;
  return `right on subgroups of ${most} lanes that follow the local index`;
}
