import { binary, cast, load, select, unary } from './builders.ts';
import type { Block, Expr, For, Program, Stmt } from './nodes.ts';

type ExprOf<K extends Expr['kind']> = Extract<Expr, { kind: K }>;
/** One function per kind of node, so that a dispatch table that forgets a kind does not compile. */
export type ExprTable<R> = { readonly [K in Expr['kind']]: (expr: ExprOf<K>) => R };

export function dispatchExpr<R>(table: ExprTable<R>, expr: Expr): R {
  return (table[expr.kind] as (expr: Expr) => R)(expr);
}

/** Calls `visit` on an expression and everything below it, parents first; returning false skips what is below. */
export function walkExpr(expr: Expr, visit: (expr: Expr) => unknown): void {
  if (visit(expr) === false) return;
  switch (expr.kind) {
    case 'int':
    case 'float':
    case 'var':
      return;
    case 'load':
      for (const index of expr.indices) walkExpr(index, visit);
      return;
    case 'unary':
    case 'cast':
      walkExpr(expr.a, visit);
      return;
    case 'binary':
      walkExpr(expr.a, visit);
      walkExpr(expr.b, visit);
      return;
    case 'select':
      walkExpr(expr.condition, visit);
      walkExpr(expr.then, visit);
      walkExpr(expr.otherwise, visit);
      return;
  }
}

/** Rebuilds an expression bottom-up: children first, then `rewrite` on the rebuilt node. Unchanged parts are shared. */
export function mapExpr(expr: Expr, rewrite: (expr: Expr) => Expr): Expr {
  return rewrite(mapChildren(expr, (child) => mapExpr(child, rewrite)));
}

/** Rebuilds a node from its mapped children; returns the node itself when no child changed. */
export function mapChildren(expr: Expr, map: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'int':
    case 'float':
    case 'var':
      return expr;
    case 'load': {
      const indices = expr.indices.map(map);
      return indices.every((index, i) => index === expr.indices[i]) ? expr : load(expr.buffer, indices);
    }
    case 'unary': {
      const a = map(expr.a);
      return a === expr.a ? expr : unary(expr.op, a);
    }
    case 'cast': {
      const a = map(expr.a);
      return a === expr.a ? expr : cast(expr.dtype, a);
    }
    case 'binary': {
      const a = map(expr.a);
      const b = map(expr.b);
      return a === expr.a && b === expr.b ? expr : binary(expr.op, a, b);
    }
    case 'select': {
      const condition = map(expr.condition);
      const then = map(expr.then);
      const otherwise = map(expr.otherwise);
      return condition === expr.condition && then === expr.then && otherwise === expr.otherwise
        ? expr
        : select(condition, then, otherwise);
    }
  }
}

/** Replaces variables by expressions; a name not in the map stays. */
export function substitute(expr: Expr, values: ReadonlyMap<string, Expr>): Expr {
  if (values.size === 0) return expr;
  return mapExpr(expr, (node) => (node.kind === 'var' ? (values.get(node.name) ?? node) : node));
}

export function usesVar(expr: Expr, name: string): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'var' && node.name === name) found = true;
    return !found;
  });
  return found;
}

/** Whether an expression is a position: an element that has become an index (see nodes.ts). */
export function isPosition(expr: Expr): boolean {
  return expr.kind === 'cast' && expr.dtype === 'u32' && holdsLoad(expr.a);
}

export function holdsLoad(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'load') found = true;
    return !found;
  });
  return found;
}

export function varsOf(expr: Expr, into: Set<string> = new Set()): Set<string> {
  walkExpr(expr, (node) => {
    if (node.kind === 'var') into.add(node.name);
  });
  return into;
}

/** Calls `visit` on every statement, parents first, with the loops around it, outermost first. */
export function walkStmt(
  stmt: Stmt,
  visit: (stmt: Stmt, loops: readonly For[]) => void,
  loops: readonly For[] = [],
): void {
  visit(stmt, loops);
  switch (stmt.kind) {
    case 'block':
      return;
    case 'for':
      walkStmt(stmt.body, visit, [...loops, stmt]);
      return;
    case 'seq':
      for (const child of stmt.body) walkStmt(child, visit, loops);
      return;
  }
}

export function blocksOf(program: Program): Block[] {
  const blocks: Block[] = [];
  for (const stmt of program.body) {
    walkStmt(stmt, (node) => {
      if (node.kind === 'block') blocks.push(node);
    });
  }
  return blocks;
}

interface Access {
  readonly buffer: string;
  readonly indices: readonly Expr[];
}

/** The loads of a block in the order of its text, repeats included; the reducer's own read of the old element is not among them. */
export function readsOf(block: Block): Access[] {
  const reads: Access[] = [];
  for (const write of block.writes) {
    for (const expr of [...write.indices, write.value]) {
      walkExpr(expr, (node) => {
        if (node.kind === 'load') reads.push({ buffer: node.buffer, indices: node.indices });
      });
    }
  }
  return reads;
}

/** The buffers from which a block loads positions (see nodes.ts). */
export function positionSources(block: Block): Set<string> {
  const sources = new Set<string>();
  for (const { indices } of readsOf(block))
    for (const index of indices)
      if (index.kind !== 'var' && index.kind !== 'int')
        walkExpr(index, (node) => {
          if (node.kind === 'load') sources.add(node.buffer);
        });
  return sources;
}

/** Replaces a block by a statement (or removes it with null); loops and sequences left empty go too. */
export function replaceStmt(stmt: Stmt, find: (stmt: Stmt) => boolean, by: (stmt: Stmt) => Stmt | null): Stmt | null {
  if (find(stmt)) return by(stmt);
  switch (stmt.kind) {
    case 'block':
      return stmt;
    case 'for': {
      const body = replaceStmt(stmt.body, find, by);
      if (body === null) return null;
      return body === stmt.body ? stmt : { ...stmt, body };
    }
    case 'seq': {
      const body: Stmt[] = [];
      let changed = false;
      for (const child of stmt.body) {
        const next = replaceStmt(child, find, by);
        if (next !== child) changed = true;
        if (next === null) continue;
        if (next.kind === 'seq') body.push(...next.body);
        else body.push(next);
      }
      if (!changed) return stmt;
      const first = body[0];
      if (first === undefined) return null;
      return body.length === 1 ? first : { kind: 'seq', body };
    }
  }
}

/** The same over a whole program. */
export function replaceInProgram(
  program: Program,
  find: (stmt: Stmt) => boolean,
  by: (stmt: Stmt) => Stmt | null,
): Program {
  const body: Stmt[] = [];
  for (const stmt of program.body) {
    const next = replaceStmt(stmt, find, by);
    if (next === null) continue;
    // A top-level sequence would be two kernels: primitives never make one of a nest.
    if (next.kind === 'seq') body.push(...next.body);
    else body.push(next);
  }
  return { ...program, body };
}

/** A name that no loop, block or buffer of the program has yet: the wish itself, or the wish with the first free number. */
export function freshName(taken: ReadonlySet<string>, wish: string): string {
  if (!taken.has(wish)) return wish;
  let count = 1;
  while (taken.has(`${wish}_${count}`)) count++;
  return `${wish}_${count}`;
}

export function namesOf(program: Program): Set<string> {
  const names = new Set(program.buffers.map((buffer) => buffer.name));
  for (const stmt of program.body) {
    walkStmt(stmt, (node) => {
      if (node.kind !== 'seq') names.add(node.name);
    });
  }
  return names;
}
