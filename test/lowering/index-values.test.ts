import { describe, expect, it } from 'vitest';
import { boundsOf } from '../../src/arithmetic/bounds.ts';
import {
  add,
  binary,
  cast,
  div,
  float,
  forLoop,
  int,
  load,
  lt,
  mod,
  mul,
  select,
  sub,
  unary,
  variable as v,
} from '../../src/ir/builders.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Expr, LoopMode, Program } from '../../src/ir/nodes.ts';
import { lowerProgram } from '../../src/lowering/lower.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { expectSameMeaning } from './equality.ts';
import { at, block, buffer, spatial } from './programs.ts';

const [i, j] = [v('i'), v('j')];

/** Y[i, j] = value over 12 x 8, the rows spread over workgroups and lanes, the columns in the mode given. */
function program(value: Expr, mode: LoopMode = 'serial'): Program {
  const iters = [spatial('i', 12, at(['w', 4], ['l', 1])), spatial('j', 8, at(['c', 4], ['e', 1]))];
  const body = block('take', iters, { to: 'Y', at: [i, j], value });
  const columns = forLoop('c', 2, forLoop('e', 4, body, mode));
  return {
    inputs: ['A'],
    outputs: ['Y'],
    buffers: [buffer('A', [7]), buffer('Y', [12, 8])],
    body: [forLoop('w', 3, forLoop('l', 4, columns, 'invocation.x'), 'workgroup.x')],
  };
}

/** With a half added: an integer of the interpreter may be minus zero. */
const value = (index: Expr): Expr => add(cast('f32', index), float(0.5));
const next = add(j, int(1));

describe('arithmetic on indices that is not linear', () => {
  it.each<[string, Expr]>([
    ['a product', value(mul(i, j))],
    ['a product of differences', value(mul(sub(i, int(5)), sub(j, int(3))))],
    ['a product in an element position', load('A', [mod(mul(i, j), int(7))])],
    ['a sum with products', value(sub(mul(i, int(3)), mul(mul(i, j), int(2))))],
    ['a quotient by an index', value(div(i, next))],
    ['a remainder by an index', load('A', [binary('min', mod(i, next), int(6))])],
    ['a quotient of what may be below zero', value(div(sub(i, int(5)), next))],
    ['a remainder of what may be below zero', value(mod(sub(i, int(5)), next))],
    ['a quotient of a product', value(div(mul(sub(i, int(4)), j), int(3)))],
    ['a comparison of a product', select(lt(mul(i, j), int(9)), load('A', [int(2)]), float(1))],
    ['a comparison of products below zero', select(lt(mul(sub(i, int(6)), j), sub(j, i)), float(2), float(1))],
    ['a number as a condition', select(mod(mul(i, j), int(3)), float(2), float(1))],
    ['a product of conditions', select(mul(lt(i, j), lt(int(2), j)), float(2), float(1))],
    ['an index as a condition', select(j, float(2), float(1))],
    ['a negated index', value(unary('neg', sub(i, j)))],
    ['the absolute value of a product', value(unary('abs', mul(sub(i, int(5)), j)))],
    ['the floor of an index', value(unary('floor', mul(i, j)))],
  ])('%s', (_title, expr) => {
    for (const mode of ['serial', 'unrolled', 'vectorized'] as const) expectSameMeaning(program(expr, mode));
  });

  it('gets names outside of a loop for the parts that the loop does not change', () => {
    const wgsl = emit(expectSameMeaning(program(value(mul(i, i))))).kernels[0]?.wgsl ?? '';
    expect(wgsl.slice(wgsl.indexOf('for ('))).not.toMatch(/lid/);
  });

  it('has bounds', () => {
    const ranges = new Map([
      ['i', { min: -5, max: 6 }],
      ['j', { min: 2, max: 4 }],
    ]);
    expect(boundsOf(div(i, j), ranges)).toEqual({ min: -3, max: 3 });
    expect(boundsOf(div(sub(i, int(7)), j), ranges)).toEqual({ min: -6, max: -1 });
    expect(boundsOf(mod(i, j), ranges)).toEqual({ min: 0, max: 3 });
    expect(boundsOf(mod(add(i, int(5)), mul(j, j)), ranges)).toEqual({ min: 0, max: 11 });
    expect(boundsOf(div(i, sub(j, int(2))), ranges).max).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('positions', () => {
  const element = binary('max', load('I', [mod(add(i, j), int(5))]), int(0));
  const place = binary('min', cast('u32', element), int(6));
  const taking = (value: Expr, mode: LoopMode): Program => {
    const plain = program(value, mode);
    return { ...plain, inputs: ['A', 'I'], buffers: [...plain.buffers, { ...buffer('I', [5]), dtype: 'i32' }] };
  };
  const own = binary('min', cast('u32', binary('max', load('I', [mod(i, int(5))]), int(0))), int(6));

  it.each<[string, Expr]>([
    ['that each element has for itself', load('A', [place])],
    ['that a row shares', load('A', [own])],
    ['counted from the other end', load('A', [sub(int(6), place)])],
    [
      'of positions',
      load('A', [binary('min', cast('u32', binary('max', load('I', [mod(own, int(5))]), int(0))), int(6))]),
    ],
    ['under a condition', select(lt(load('I', [mod(i, int(5))]), int(2)), load('A', [own]), float(1))],
  ])('%s', (_title, expr) => {
    for (const mode of ['serial', 'unrolled', 'vectorized'] as const) expectSameMeaning(taking(expr, mode));
  });

  it('are loaded in front of the loop that does not change them', () => {
    const wgsl = emit(expectSameMeaning(taking(load('A', [own]), 'serial'))).kernels[0]?.wgsl ?? '';
    expect(wgsl.slice(wgsl.indexOf('for ('))).not.toMatch(/\bI\[/);
  });

  it('are not taken from what the kernel itself writes', () => {
    const [to, from] = [buffer('Y', [8]), { ...buffer('I', [8]), dtype: 'i32' as const }];
    const at = [v('k')];
    const whole = (name: string, loop: string, write: string, value: Expr) =>
      forLoop(loop, 8, block(name, [spatial('k', 8, v(loop))], { to: write, at, value }));
    const both = {
      inputs: ['A'],
      outputs: ['Y'],
      buffers: [buffer('A', [7]), to, from],
      body: [
        forLoop('one', 1, {
          kind: 'seq' as const,
          body: [
            whole('count', 'a', 'I', cast('i32', v('k'))),
            whole('take', 'b', 'Y', load('A', [binary('min', cast('u32', load('I', at)), int(6))])),
          ],
        }),
      ],
    };
    const result = lowerProgram(both, defaultLimits);
    expect(isRefusal(result) ? result.reason : 'lowered').toBe('position-changes');
    expect(isRefusal(result) ? explainRefusal(result) : '').toMatch(/takes? a position from I|has a position from I/);
  });
});

it.each<[reason: string, Expr, RegExp]>([
  [
    'index-not-arithmetic',
    load('A', [load('A', [i])]),
    /block take has A\[.*\] as an index; expected integer arithmetic/,
  ],
  ['index-operation', value(binary('pow', i, j)), /block take computes .* on indices, for which there is no pow/],
  ['index-divisor', value(div(i, j)), /block take computes .*, where .* may be zero or less; divide by max/],
  ['index-divisor', value(mod(i, int(0))), /where 0 may be zero or less/],
  [
    'index-too-large',
    value(mul(mul(i, int(2 ** 20)), mul(j, int(2 ** 10)))),
    /reaches from 0 to .*must stay below 2\^31/,
  ],
])('%s', (reason, expr, text) => {
  const result = lowerProgram(program(expr), defaultLimits);
  if (!isRefusal(result)) throw new Error('lowered');
  expect(result.reason).toBe(reason);
  expect(explainRefusal(result)).toMatch(text);
});
