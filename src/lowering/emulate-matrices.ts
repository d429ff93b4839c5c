import type { For, Stmt } from '../ir/nodes.ts';
import { walkStmt } from '../ir/visit.ts';

/** Whether a statement asks for matrix instructions. */
export function holdsMatrices(stmt: Stmt): boolean {
  let found = false;
  walkStmt(stmt, (node) => {
    if (node.kind === 'for' && node.mode === 'matrix') found = true;
  });
  return found;
}

/**
 * for i in M # matrix: for j in N # matrix: ...   ->   for i in M: for j in N # invocation.x: ...
 * The same tiles without matrix instructions, for devices that have none: each lane of the row computes one column, and what the
 * subgroup would hold in registers lies in workgroup memory. Legal wherever matrix loops are: no loop around them is bound to invocation.x.
 * Unrolled loops around a tile are serial: what is one instruction there would be hundreds here.
 */
export function emulateMatrices(stmt: Stmt, depth = 0): Stmt {
  if (stmt.kind === 'block') return stmt;
  if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map((child) => emulateMatrices(child)) };
  if (stmt.mode !== 'matrix') {
    const mode = stmt.mode === 'unrolled' && holdsMatrices(stmt) ? 'serial' : stmt.mode;
    return { ...stmt, mode, body: emulateMatrices(stmt.body) };
  }
  const mode: For['mode'] = depth === 1 ? 'invocation.x' : 'serial';
  return { ...stmt, mode, body: emulateMatrices(stmt.body, depth + 1) };
}
