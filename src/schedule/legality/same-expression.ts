import type { Block, Expr, Iter } from '../../ir/nodes.ts';

/** Which iter of one block corresponds to which iter of another, as far as the expressions compared so far tell. */
export interface Correspondence {
  readonly a: ReadonlyMap<string, Iter>;
  readonly b: ReadonlyMap<string, Iter>;
  readonly pairs: Map<string, string>;
}

export function correspondence(a: Block, b: Block): Correspondence {
  const byName = (block: Block): Map<string, Iter> => new Map(block.iters.map((iter) => [iter.name, iter]));
  return { a: byName(a), b: byName(b), pairs: new Map() };
}

/**
 * Whether two expressions are the same except for the names of their blocks' iters: they are the same tree, in which each iter of `a` always
 * meets the same iter of `b`, of its own extent and type, and no two meet the same one. Adds the pairs that it finds.
 */
export function sameExpression(a: Expr, b: Expr, iters: Correspondence): boolean {
  const all = (x: readonly Expr[], y: readonly Expr[]): boolean =>
    x.length === y.length && x.every((expr, i) => sameExpression(expr, y[i] as Expr, iters));
  switch (a.kind) {
    case 'int':
      return b.kind === 'int' && b.value === a.value;
    case 'float':
      return b.kind === 'float' && b.value === a.value && b.dtype === a.dtype;
    case 'var':
      return b.kind === 'var' && meet(a.name, b.name, iters);
    case 'load':
      return b.kind === 'load' && b.buffer === a.buffer && all(a.indices, b.indices);
    case 'unary':
      return b.kind === 'unary' && b.op === a.op && all([a.a], [b.a]);
    case 'cast':
      return b.kind === 'cast' && b.dtype === a.dtype && all([a.a], [b.a]);
    case 'binary':
      return b.kind === 'binary' && b.op === a.op && all([a.a, a.b], [b.a, b.b]);
    case 'select':
      return b.kind === 'select' && all([a.condition, a.then, a.otherwise], [b.condition, b.then, b.otherwise]);
  }
}

function meet(a: string, b: string, { a: ofA, b: ofB, pairs }: Correspondence): boolean {
  const known = pairs.get(a);
  if (known !== undefined) return known === b;
  const [one, two] = [ofA.get(a), ofB.get(b)];
  if (one === undefined || two === undefined || one.extent !== two.extent || one.type !== two.type) return false;
  if ([...pairs.values()].includes(b)) return false;
  pairs.set(a, b);
  return true;
}

/** Iters of more than one step, of either block, that correspond to no iter of the other. */
export function unmatched({ a, b, pairs }: Correspondence): Iter[] {
  const met = new Set(pairs.values());
  const more = (iter: Iter): boolean => iter.extent > 1;
  return [
    ...[...a.values()].filter((iter) => more(iter) && !pairs.has(iter.name)),
    ...[...b.values()].filter((iter) => more(iter) && !met.has(iter.name)),
  ];
}
