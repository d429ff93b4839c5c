import { describe, expect, it } from 'vitest';
import {
  add,
  binary,
  div,
  float,
  forLoop,
  int,
  load,
  lt,
  mod,
  mul,
  select,
  seq,
  variable,
} from '../../src/ir/builders.ts';
import type { Block, Buffer, Expr, LoopMode, Program, Stmt } from '../../src/ir/nodes.ts';
import { interpret } from '../../src/testing/interpret.ts';

const v = variable;
const buffer = (name: string, shape: readonly number[], rest: Partial<Buffer> = {}): Buffer => ({
  name,
  shape,
  dtype: 'f32',
  scope: 'storage',
  ...rest,
});

function block(rest: Partial<Block> & Pick<Block, 'iters' | 'writes'>): Block {
  return { kind: 'block', name: 'work', predicate: [], reducer: null, ...rest };
}

function copyProgram(body: Stmt, from = 10, to = 10): Program {
  return { inputs: ['X'], outputs: ['Y'], buffers: [buffer('X', [from]), buffer('Y', [to])], body: [body] };
}

/** Y[i] = X[at(i)] over a split of 10 into 3 x 4 with a guard. */
function guarded(at: (i: Expr) => Expr, modes: readonly LoopMode[] = ['serial', 'serial'], predicate = true): Program {
  const i = add(mul(v('o'), int(4)), v('r'));
  const work = block({
    iters: [{ name: 'vi', extent: 10, type: 'spatial', binding: i }],
    predicate: predicate ? [lt(i, int(10))] : [],
    writes: [{ buffer: 'Y', indices: [v('vi')], value: load('X', [at(v('vi'))]) }],
  });
  return copyProgram(forLoop('o', 3, forLoop('r', 4, work, modes[1]), modes[0]));
}

const ramp = Float64Array.from({ length: 10 }, (_, i) => i + 1);

describe('interpret', () => {
  it('honours the guard of a split that does not divide, in loops of any mode', () => {
    for (const modes of [
      ['serial', 'serial'],
      ['workgroup.x', 'invocation.x'],
      ['unrolled', 'vectorized'],
    ] as const) {
      expect(
        interpret(
          guarded((i) => i, modes),
          { X: ramp },
        ).Y,
      ).toEqual(ramp);
    }
  });

  it('names the block and the iter that leaves its extent', () => {
    expect(() =>
      interpret(
        guarded((i) => i, undefined, false),
        { X: ramp },
      ),
    ).toThrow('block work: iter vi is 10, outside [0, 10)');
  });

  it('names the buffer and the index of an access outside its shape', () => {
    expect(() =>
      interpret(
        guarded((i) => add(i, int(1))),
        { X: ramp },
      ),
    ).toThrow('block work: index 0 of X is 10, outside [0, 10)');
    expect(() =>
      interpret(
        guarded((i) => binary('sub', i, int(1))),
        { X: ramp },
      ),
    ).toThrow('index 0 of X is -1');
  });

  it('evaluates only the chosen branch of a select', () => {
    const work = block({
      iters: [{ name: 'vi', extent: 12, type: 'spatial', binding: v('i') }],
      writes: [
        { buffer: 'Y', indices: [v('vi')], value: select(lt(v('vi'), int(10)), load('X', [v('vi')]), float(0)) },
      ],
    });
    const { Y } = interpret(copyProgram(forLoop('i', 12, work), 10, 12), { X: ramp });
    expect([...(Y ?? [])]).toEqual([...ramp, 0, 0]);
  });

  it('floors division and remainder of negative indices', () => {
    // (i - 5) div 3 + 2 and (i - 5) mod 3 for i = 0 .. 9
    const shifted = binary('sub', v('vi'), int(5));
    const read = (at: Expr): Program =>
      copyProgram(
        forLoop(
          'i',
          10,
          block({
            iters: [{ name: 'vi', extent: 10, type: 'spatial', binding: v('i') }],
            writes: [{ buffer: 'Y', indices: [v('vi')], value: load('X', [at]) }],
          }),
        ),
      );
    const divided = interpret(read(add(div(shifted, int(3)), int(2))), { X: ramp }).Y;
    const remainder = interpret(read(mod(shifted, int(3))), { X: ramp }).Y;
    const indices = Array.from({ length: 10 }, (_, i) => i - 5);
    expect([...(divided ?? [])]).toEqual(indices.map((i) => Math.floor(i / 3) + 2 + 1));
    expect([...(remainder ?? [])]).toEqual(indices.map((i) => (((i % 3) + 3) % 3) + 1));
  });

  const summing = (initialises: boolean, first: Stmt[] = []): Program => {
    const update = block({
      iters: [{ name: 'vk', extent: 10, type: 'reduction', binding: v('k') }],
      writes: [{ buffer: 'Y', indices: [int(0)], value: load('X', [v('vk')]) }],
      reducer: { op: 'sum', initialises },
    });
    return copyProgram(seq([...first, forLoop('k', 10, update)]), 10, 1);
  };

  it('starts a reduction from its identity, or from what another block stored', () => {
    expect(interpret(summing(true), { X: ramp }).Y?.[0]).toBe(55);
    const start = block({ name: 'start', iters: [], writes: [{ buffer: 'Y', indices: [int(0)], value: float(100) }] });
    expect(interpret(summing(false, [start]), { X: ramp }).Y?.[0]).toBe(155);
  });

  it('starts max and min from the ends of the dtype', () => {
    for (const [op, expected] of [
      ['max', -1],
      ['min', -10],
    ] as const) {
      const program = summing(true);
      const negative = ramp.map((x) => -x);
      const text = JSON.stringify(program).replace('"op":"sum"', `"op":"${op}"`);
      expect(interpret(JSON.parse(text) as Program, { X: negative }).Y?.[0]).toBe(expected);
    }
  });

  it('shows elements that nobody wrote as NaN', () => {
    expect(interpret(summing(false), { X: ramp }).Y?.[0]).toBeNaN();
  });

  it('rounds to f32 or f16 on request only', () => {
    const doubled = (dtype: 'f32' | 'f16'): Program => ({
      inputs: ['X'],
      outputs: ['Y'],
      buffers: [buffer('X', [1], { dtype }), buffer('Y', [1], { dtype })],
      body: [
        block({
          iters: [],
          writes: [{ buffer: 'Y', indices: [int(0)], value: add(load('X', [int(0)]), float(0.1, dtype)) }],
        }),
      ],
    });
    const inputs = { X: Float64Array.of(2048) };
    expect(interpret(doubled('f32'), inputs).Y?.[0]).toBe(2048.1);
    expect(interpret(doubled('f32'), inputs, { rounding: true }).Y?.[0]).toBe(Math.fround(2048.1));
    expect(interpret(doubled('f16'), inputs, { rounding: true }).Y?.[0]).toBe(2048);
  });

  it('refuses inputs of the wrong size', () => {
    expect(() => interpret(summing(true), {})).toThrow('input X has no values');
    expect(() => interpret(summing(true), { X: new Float64Array(3) })).toThrow('input X has 3 values, expected 10');
  });
});
