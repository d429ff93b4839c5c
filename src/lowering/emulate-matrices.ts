import { div, int, mod, variable } from '../ir/builders.ts';
import type { Expr, For, Stmt } from '../ir/nodes.ts';
import { substitute, walkStmt } from '../ir/visit.ts';

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
 * Unrolled loops around a tile become one serial loop: what is one instruction there would be hundreds here, and drivers unroll several
 * short loops by themselves (lavapipe, busy: 46 s to compile the 64x64 tile of schedules/, 25 s as one loop).
 */
export function emulateMatrices(stmt: Stmt): Stmt {
  return emulate(stmt, 0, new Map());
}

/** `depth`: matrix loops around; `values`: variables of loops that have become one. */
function emulate(stmt: Stmt, depth: number, values: ReadonlyMap<string, Expr>): Stmt {
  if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map((child) => emulate(child, depth, values)) };
  if (stmt.kind === 'block') {
    if (values.size === 0) return stmt;
    const iters = stmt.iters.map((iter) => ({ ...iter, binding: substitute(iter.binding, values) }));
    return { ...stmt, iters, predicate: stmt.predicate.map((condition) => substitute(condition, values)) };
  }
  if (stmt.mode === 'matrix') {
    const mode: For['mode'] = depth === 1 ? 'invocation.x' : 'serial';
    return { ...stmt, mode, body: emulate(stmt.body, depth + 1, values) };
  }
  if (stmt.mode !== 'unrolled' || !holdsMatrices(stmt)) return { ...stmt, body: emulate(stmt.body, depth, values) };
  const chain: For[] = [];
  let body: Stmt = stmt;
  for (; body.kind === 'for' && body.mode === 'unrolled'; body = body.body) chain.push(body);
  const parts = new Map(values);
  let extent = 1;
  for (const loop of [...chain].reverse()) {
    if (chain.length > 1) parts.set(loop.name, mod(div(variable(stmt.name), int(extent)), int(loop.extent)));
    extent *= loop.extent;
  }
  return { ...stmt, mode: 'serial', extent, body: emulate(body, depth, parts) };
}
