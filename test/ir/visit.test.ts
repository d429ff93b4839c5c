import { expect, test } from 'vitest';
import { add, forLoop, int, load, mul, select, seq, variable } from '../../src/ir/builders.ts';
import type { Block, Expr, Stmt } from '../../src/ir/nodes.ts';
import { printExpr } from '../../src/ir/printer.ts';
import {
  freshName,
  mapExpr,
  namesOf,
  readsOf,
  replaceInProgram,
  replaceStmt,
  substitute,
  usesVar,
  varsOf,
  walkExpr,
} from '../../src/ir/visit.ts';
import { plain } from '../support/schedule.ts';

const [i, j] = ['i', 'j'].map(variable) as [Expr, Expr];
const block = (name: string): Block => ({ kind: 'block', name, iters: [], predicate: [], writes: [], reducer: null });
const named =
  (name: string) =>
  (stmt: Stmt): boolean =>
    stmt.kind !== 'seq' && stmt.name === name;

test('substitution replaces all places at once: values are not substituted into again', () => {
  const swapped = substitute(
    add(i, mul(j, int(2))),
    new Map([
      ['i', j],
      ['j', i],
    ]),
  );
  expect(printExpr(swapped)).toBe('j + i * 2');
});

test('an expression in which nothing changes is the same object', () => {
  const expr = select(i, load('A', [add(i, j)]), j);
  expect(mapExpr(expr, (node) => node)).toBe(expr);
  expect(substitute(expr, new Map([['k', i]]))).toBe(expr);
});

test('variables are found inside loads and selects', () => {
  const expr = select(i, load('A', [add(i, j)]), int(0));
  expect([...varsOf(expr)]).toEqual(['i', 'j']);
  expect(usesVar(expr, 'j')).toBe(true);
  expect(usesVar(expr, 'A')).toBe(false);
});

test('a walk skips everything below an expression where the visitor says so', () => {
  const seen: string[] = [];
  walkExpr(add(load('A', [i]), j), (node) => {
    seen.push(node.kind);
    return node.kind !== 'load';
  });
  expect(seen).toEqual(['binary', 'load', 'var']);
});

test('removing a statement removes the loops and sequences it leaves empty', () => {
  const [a, b] = [block('a'), block('b')];
  const nest = forLoop('t', 2, seq([forLoop('i', 2, a), forLoop('j', 2, b)]));
  expect(replaceStmt(nest, named('a'), () => null)).toEqual(forLoop('t', 2, forLoop('j', 2, b)));
  expect(replaceStmt(forLoop('i', 2, a), named('a'), () => null)).toBeNull();
  expect(replaceStmt(nest, named('x'), () => null)).toBe(nest);
});

test('a sequence put into a sequence is flattened, also at the top', () => {
  const [a, b, c] = [block('a'), block('b'), block('c')];
  const nest = forLoop('t', 2, seq([a, b]));
  expect(replaceStmt(nest, named('b'), () => seq([b, c]))).toEqual(forLoop('t', 2, seq([a, b, c])));
  const program = replaceInProgram({ inputs: [], outputs: [], buffers: [], body: [a] }, named('a'), () => seq([b, c]));
  expect(program.body).toEqual([b, c]);
});

test('names are those of buffers, loops and blocks; a fresh name takes the first free number', () => {
  const names = namesOf(plain('reduce_sum', 'rows=2,cols=3'));
  expect([...names].sort()).toEqual(['X', 'Y', 'i', 'k', 'reduce_sum']);
  expect(freshName(names, 'j')).toBe('j');
  expect(freshName(new Set(['i', 'i_1']), 'i')).toBe('i_2');
});

test('the reads of a block are its loads, those in indices too', () => {
  const reader: Block = {
    ...block('r'),
    writes: [{ buffer: 'C', indices: [load('P', [i])], value: load('A', [load('Q', [j])]) }],
  };
  expect(readsOf(reader).map((read) => read.buffer)).toEqual(['P', 'A', 'Q']);
});
