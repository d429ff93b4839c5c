import { describe, expect, it } from 'vitest';
import { add, forLoop, int, load, mod, seq, variable as v } from '../../src/ir/builders.ts';
import type { KStmt } from '../../src/ir/kernel.ts';
import type { Expr, Program, Stmt } from '../../src/ir/nodes.ts';
import { expectSameMeaning } from './equality.ts';
import { block, buffer, reduction, spatial, sum } from './programs.ts';

/** The barriers of the only kernel as text: `|` a barrier, `.` any other statement, `( )` a loop, `[ ]` an if. */
function skeleton(program: Program): string {
  const text = (body: readonly KStmt[]): string =>
    body
      .map((stmt) => {
        if (stmt.kind === 'barrier') return '|';
        if (stmt.kind === 'for') return `(${text(stmt.body)})`;
        if (stmt.kind === 'if') return `[${text(stmt.body)}]`;
        return stmt.kind === 'let' ? '' : '.';
      })
      .join('');
  return text(expectSameMeaning(program).kernels[0]?.body ?? []);
}

const lanes = (name: string, body: Stmt): Stmt => forLoop(name, 8, body, 'invocation.x');
const store = (name: string, to: string, i: string, value: Expr): Stmt =>
  block(name, [spatial('i', 8, v(i))], { to, at: [v('i')], value });
const program = (body: Stmt): Program => ({
  inputs: ['A'],
  outputs: ['Y'],
  buffers: [buffer('A', [8]), buffer('Y', [8]), buffer('S', [8], 'workgroup'), buffer('T', [8], 'workgroup')],
  body: [body],
});
const neighbour = (from: string): Expr => load(from, [mod(add(v('i'), int(1)), int(8))]);
const own = (from: string): Expr => load(from, [v('i')]);

describe('barriers', () => {
  it('stand between a write and the reads of other lanes', () => {
    const body = seq([
      lanes('a', store('fill', 'S', 'a', own('A'))),
      lanes('b', store('take', 'Y', 'b', neighbour('S'))),
    ]);
    expect(skeleton(program(body))).toBe('.|.');
  });

  it('are not needed where every lane reads what it wrote', () => {
    const body = seq([lanes('a', store('fill', 'S', 'a', own('A'))), lanes('b', store('take', 'Y', 'b', own('S')))]);
    expect(skeleton(program(body))).toBe('..');
  });

  it('serve several buffers each, and stand between reads and the next overwrite too', () => {
    const body = seq([
      lanes('a', store('fill', 'S', 'a', own('A'))),
      lanes('b', store('fill2', 'T', 'b', own('A'))),
      lanes('c', store('mix', 'Y', 'c', add(neighbour('S'), neighbour('T')))),
      lanes('d', store('again', 'S', 'd', own('A'))),
    ]);
    expect(skeleton(program(body))).toBe('..|.|.');
  });

  it('close a loop whose next iteration overwrites what this one reads', () => {
    const update = block(
      'sum',
      [spatial('i', 8, v('b')), reduction('k', 3, v('k0'))],
      { to: 'P', at: [v('i')], value: neighbour('S') },
      { reducer: sum },
    );
    const loop = forLoop('k0', 3, seq([forLoop('a', 8, store('fill', 'S', 'a', own('A')), 'invocation.x'), update]));
    const body = lanes('b', seq([loop, store('back', 'Y', 'b', own('P'))]));
    const whole = program(body);
    expect(skeleton({ ...whole, buffers: [...whole.buffers, buffer('P', [8], 'private')] })).toBe('.(.|.|).');
  });

  it('are under no if: guards go around them', () => {
    const body = seq([
      forLoop('a', 4, store('fill', 'S', 'a', own('A')), 'invocation.x'),
      lanes('b', store('take', 'Y', 'b', load('S', [mod(v('i'), int(4))]))),
    ]);
    expect(skeleton(program(body))).toBe('[.]|.');
  });

  it('are left out for a single invocation', () => {
    const body = seq([
      forLoop('a', 8, store('fill', 'S', 'a', own('A'))),
      forLoop('b', 8, store('take', 'Y', 'b', neighbour('S'))),
    ]);
    expect(skeleton(program(body))).toBe('(.)(.)');
  });

  it('that are missing are found by the lane-by-lane execution', async () => {
    const { runLowered } = await import('./simt.ts');
    const body = seq([
      lanes('a', store('fill', 'S', 'a', own('A'))),
      lanes('b', store('take', 'Y', 'b', neighbour('S'))),
    ]);
    const right = expectSameMeaning(program(body));
    const wrong = {
      ...right,
      kernels: right.kernels.map((kernel) => ({
        ...kernel,
        body: kernel.body.filter((stmt) => stmt.kind !== 'barrier'),
      })),
    };
    expect(() => runLowered(wrong, { A: new Float64Array(8) })).toThrow(/with no barrier between/);
  });
});
