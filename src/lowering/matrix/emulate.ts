import { div, int, mod, variable } from '../../ir/builders.ts';
import type { Expr, For, Stmt } from '../../ir/nodes.ts';
import { substitute, walkStmt } from '../../ir/visit.ts';

/** Whether a statement asks for matrix instructions. */
export function holdsMatrices(stmt: Stmt): boolean {
  let found = false;
  walkStmt(stmt, (node) => {
    if (node.kind === 'for' && node.mode === 'matrix') found = true;
  });
  return found;
}

/**
 * for i in M # matrix: for j in N # matrix: for k in K # matrix: ...   ->   for j in N # invocation.x: for i in M * K: ...
 * The same tiles without matrix instructions, for devices that have none: each lane of the row computes one column, and the matrices that a
 * subgroup would hold in registers lie in workgroup memory. Legal wherever matrix loops are: no loop around them is bound to invocation.x.
 * All other loops of the tile, and unrolled loops right around it, become one serial loop: one matrix instruction would be hundreds of
 * statements here, and drivers unroll short loops by themselves (Mesa: up to 32 iterations, so that nests of 16 x 16 were written out).
 */
export function emulateMatrices(stmt: Stmt): Stmt {
  return emulate(stmt, new Map());
}

/** `values`: variables of the loops that have become one, in terms of its variable. */
function emulate(stmt: Stmt, values: ReadonlyMap<string, Expr>): Stmt {
  if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map((child) => emulate(child, values)) };
  if (stmt.kind === 'block') {
    if (values.size === 0) return stmt;
    const iters = stmt.iters.map((iter) => ({ ...iter, binding: substitute(iter.binding, values) }));
    return { ...stmt, iters, predicate: stmt.predicate.map((condition) => substitute(condition, values)) };
  }
  if (stmt.mode !== 'matrix' && (stmt.mode !== 'unrolled' || !holdsMatrices(stmt)))
    return { ...stmt, body: emulate(stmt.body, values) };
  const chain: For[] = [];
  let body: Stmt = stmt;
  for (; body.kind === 'for' && (body.mode === 'unrolled' || body.mode === 'matrix'); body = body.body)
    chain.push(body);
  const columns = chain.filter((loop) => loop.mode === 'matrix')[1];
  const serial = chain.filter((loop) => loop !== columns);
  const parts = new Map(values);
  let extent = 1;
  for (const loop of [...serial].reverse()) {
    if (serial.length > 1) parts.set(loop.name, mod(div(variable(stmt.name), int(extent)), int(loop.extent)));
    extent *= loop.extent;
  }
  const whole: For = { ...stmt, mode: 'serial', extent, body: emulate(body, parts) };
  return columns === undefined ? whole : { ...columns, mode: 'invocation.x', body: whole };
}
