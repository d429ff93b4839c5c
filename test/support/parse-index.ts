import { binary, int, select, variable } from '../../src/ir/builders.ts';
import type { BinaryOp, Expr } from '../../src/ir/nodes.ts';

const levels: readonly Readonly<Record<string, BinaryOp>>[] = [
  { '||': 'or' },
  { '&&': 'and' },
  { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' },
  { '+': 'add', '-': 'sub' },
  { '*': 'mul', '/': 'div', '%': 'mod' },
];

/** Reads an index expression as the printer writes it, so that tests can be tables of text. */
export function parseIndex(text: string): Expr {
  const tokens = text.match(/[A-Za-z_]\w*|\d+|\|\||&&|[<>=!]=|[-+*/%<>(),]/g) ?? [];
  let at = 0;
  const expect = (token: string): void => {
    if (tokens[at++] !== token) throw new Error(`expected ${token} in ${text}`);
  };
  const list = (): Expr[] => {
    const items = [level(0)];
    while (tokens[at] === ',') {
      at++;
      items.push(level(0));
    }
    expect(')');
    return items;
  };
  const leaf = (): Expr => {
    const token = tokens[at++] ?? '';
    if (token === '(') return list()[0] as Expr;
    if (token === '-') return int(-Number(tokens[at++]));
    if (/^\d/.test(token)) return int(Number(token));
    if (tokens[at] !== '(') return variable(token);
    at++;
    const [a, b, c] = list() as [Expr, Expr, Expr];
    return token === 'select' ? select(a, b, c) : binary(token as BinaryOp, a, b);
  };
  const level = (depth: number): Expr => {
    const operators = levels[depth];
    if (operators === undefined) return leaf();
    let left = level(depth + 1);
    for (let op = operators[tokens[at] ?? '']; op !== undefined; op = operators[tokens[at] ?? '']) {
      at++;
      left = binary(op, left, level(depth + 1));
    }
    return left;
  };
  const expr = level(0);
  if (at !== tokens.length) throw new Error(`did not understand ${tokens[at]} in ${text}`);
  return expr;
}
