import { childrenOf, eachExpr, exchanges, type KExpr, type KStmt } from '../../ir/kernel.ts';

/**
 * Pass 10: a `let` that is used once, in the loop in which it stands, is replaced by its value. Lets are made where a value might be shared;
 * this removes those that were not, so that the text reads as a person would write it. A let that a deeper loop uses was hoisted and stays,
 * and so does a pinned one. (Loads used once are used by the statement right behind them, so nothing can change in between.) A let that lanes
 * evaluate together stays too, because its use may stand under an `if`.
 */
export function inlineOnce(body: readonly KStmt[]): readonly KStmt[] {
  const uses = new Map<string, { count: number; loop: number }>();
  const homes = new Map<string, { loop: number; value: KExpr }>();
  let loops = 0;
  const survey = (statements: readonly KStmt[], loop: number): void => {
    for (const stmt of statements) {
      eachExpr(stmt, (expr) => countUses(expr, loop, uses));
      if (stmt.kind === 'let' && !stmt.pinned) homes.set(stmt.name, { loop, value: stmt.value });
      if (stmt.kind === 'if') survey(stmt.body, loop);
      if (stmt.kind === 'for') survey(stmt.body, ++loops);
    }
  };
  survey(body, 0);

  const gone = new Map<string, KExpr>();
  for (const [name, { loop, value }] of homes) {
    const use = uses.get(name);
    if (use === undefined || (use.count === 1 && use.loop === loop && !exchanges(value))) gone.set(name, value);
  }
  if (gone.size === 0) return body;
  const rebuild = (statements: readonly KStmt[]): KStmt[] =>
    statements
      .filter((stmt) => stmt.kind !== 'let' || !gone.has(stmt.name))
      .map((stmt) => replaceIn(stmt, gone, rebuild));
  return rebuild(body);
}

function countUses(expr: KExpr, loop: number, uses: Map<string, { count: number; loop: number }>): void {
  if (expr.kind === 'name') {
    const use = uses.get(expr.name);
    if (use === undefined) uses.set(expr.name, { count: 1, loop });
    else use.count++;
    return;
  }
  for (const child of childrenOf(expr)) countUses(child, loop, uses);
}

function replaceIn(
  stmt: KStmt,
  gone: ReadonlyMap<string, KExpr>,
  rebuild: (statements: readonly KStmt[]) => KStmt[],
): KStmt {
  const swap = (expr: KExpr): KExpr => replaceNames(expr, gone);
  switch (stmt.kind) {
    case 'let':
    case 'assign':
      return { ...stmt, value: swap(stmt.value) };
    case 'var':
      return stmt.value === null ? stmt : { ...stmt, value: swap(stmt.value) };
    case 'store':
      return { ...stmt, index: swap(stmt.index), value: swap(stmt.value) };
    case 'matrix-load':
      return { ...stmt, from: { ...stmt.from, index: swap(stmt.from.index) } };
    case 'matrix-store':
      return { ...stmt, to: { ...stmt.to, index: swap(stmt.to.index) } };
    case 'if':
      return { ...stmt, condition: swap(stmt.condition), body: rebuild(stmt.body) };
    case 'for':
      return { ...stmt, body: rebuild(stmt.body) };
    default:
      return stmt;
  }
}

function replaceNames(expr: KExpr, gone: ReadonlyMap<string, KExpr>): KExpr {
  switch (expr.kind) {
    case 'literal':
    case 'builtin':
    case 'subgroup-lane':
      return expr;
    case 'exchange':
      return { ...expr, value: replaceNames(expr.value, gone), lane: replaceNames(expr.lane, gone) };
    case 'name': {
      const value = gone.get(expr.name);
      return value === undefined ? expr : replaceNames(value, gone);
    }
    case 'element': {
      const index = replaceNames(expr.index, gone);
      return index === expr.index ? expr : { ...expr, index };
    }
    case 'component': {
      const of = replaceNames(expr.of, gone);
      return of === expr.of ? expr : { ...expr, of };
    }
    case 'unary': {
      const a = replaceNames(expr.a, gone);
      return a === expr.a ? expr : { ...expr, a };
    }
    case 'binary': {
      const a = replaceNames(expr.a, gone);
      const b = replaceNames(expr.b, gone);
      return a === expr.a && b === expr.b ? expr : { ...expr, a, b };
    }
    case 'select':
      return {
        ...expr,
        condition: replaceNames(expr.condition, gone),
        yes: replaceNames(expr.yes, gone),
        no: replaceNames(expr.no, gone),
      };
    case 'construct':
      return { ...expr, args: expr.args.map((arg) => replaceNames(arg, gone)) };
  }
}
