import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  binary,
  cast,
  float,
  forLoop,
  int,
  load,
  mul,
  select,
  sub,
  unary,
  variable,
} from '../../src/ir/builders.ts';
import type { Expr } from '../../src/ir/nodes.ts';
import { printExpr, printProgram } from '../../src/ir/printer.ts';
import { bind, split, vectorize } from '../../src/schedule/steps.ts';
import { evaluate, pointsOf } from '../support/evaluate.ts';
import { indexExpression } from '../support/index-expressions.ts';
import { parseIndex } from '../support/parse-index.ts';
import { plain, scheduled } from '../support/schedule.ts';

const [i, j, k] = ['i', 'j', 'k'].map(variable) as [Expr, Expr, Expr];

describe('expressions', () => {
  test.each<[text: string, expr: Expr]>([
    ['i + j * 4', add(i, mul(j, int(4)))],
    ['(i + j) * 4', mul(add(i, j), int(4))],
    ['i - (j - k)', sub(i, sub(j, k))],
    ['i - j - k', sub(sub(i, j), k)],
    ['i / (j * k)', binary('div', i, mul(j, k))],
    ['i % 4 < 2 && j >= 1', binary('and', binary('lt', binary('mod', i, int(4)), int(2)), binary('ge', j, int(1)))],
    ['min(i, 3) + 1', add(binary('min', i, int(3)), int(1))],
    ['-(exp(A[i, 0])) * 2.0', mul(unary('neg', unary('exp', load('A', [i, int(0)]))), float(2))],
    ['select(i < 3, f16(A[i]), 0.5)', select(binary('lt', i, int(3)), cast('f16', load('A', [i])), float(0.5))],
  ])('%s', (text, expr) => {
    expect(printExpr(expr)).toBe(text);
  });

  test('a printed index expression, read again, has the same value: no bracket is missing', () => {
    fc.assert(
      fc.property(indexExpression, (expr) => {
        const again = parseIndex(printExpr(expr));
        for (const point of pointsOf({ i: 3, j: 3, k: 3 })) {
          expect(evaluate(again, point) === evaluate(expr, point)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('a program prints its buffers by role and scope, its loops by mode', () => {
  const program = scheduled(plain('elementwise', 'n=1,c=1,h=4,w=8', { expression: 'x * y', y: '1,1,1,w' }), [
    bind('h', 'workgroup.x'),
    split('w', null, 4),
    bind('w_0', 'invocation.x'),
    vectorize('w_1'),
  ]);
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "input x: f32[1, 1, 4, 8]
    input y: f32[1, 1, 1, 8]
    output result: f32[1, 1, 4, 8]
    for n in 1
      for c in 1
        for h in 4  # workgroup.x
          for w_0 in 2  # invocation.x
            for w_1 in 4  # vectorized
              block elementwise(vn = n, vc = c, vh = h, vw = w_0 * 4 + w_1)
                result[vn, vc, vh, vw] = x[vn, vc, vh, vw] * y[0, 0, 0, vw]"
  `);
});

test('marked loops and blocks are pointed at', () => {
  const program = plain('reduce_sum', 'rows=2,cols=3');
  expect(printProgram(program, { marked: new Set(['k', 'reduce_sum']) })).toMatchInlineSnapshot(`
    "  input X: f32[2, 3]
      output Y: f32[2]
      for i in 2
    >>  for k in 3
    >>    block reduce_sum(vi = i, vk~ = k)
    >>      Y[vi] sum= X[vi, vk]"
  `);
});

test('a loop around a sequence prints its statements one below the other', () => {
  const program = plain('softmax', 'rows=2,cols=3');
  const body = [forLoop('t', 2, { kind: 'seq', body: program.body })];
  expect(
    printProgram({ ...program, body })
      .split('\n')
      .filter((line) => line.startsWith('  for')),
  ).toHaveLength(3);
});
