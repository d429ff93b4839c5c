import { describe, expect, it } from 'vitest';
import { compiledAccessesOf } from '../../src/features/compiled-accesses.ts';
import type { KExpr, Kernel, KStmt, KType } from '../../src/ir/kernel.ts';

const f32: KType = { scalar: 'f32', width: 1 };
const zero: KExpr = { kind: 'literal', type: { scalar: 'u32', width: 1 }, value: 0 };
const element = (array: string, type: KType = f32): KExpr => ({ kind: 'element', type, array, index: zero });
/** Adds an element of an array to a var: one access. */
const addition = (array: string): KStmt => ({
  kind: 'assign',
  name: 'sum',
  type: f32,
  at: null,
  value: { kind: 'binary', type: f32, op: 'add', a: { kind: 'name', type: f32, name: 'sum' }, b: element(array) },
});
const loop = (extent: number, ...body: KStmt[]): KStmt => ({ kind: 'for', name: 'k', extent, body });
const accessesOf = (...body: KStmt[]): number => {
  const kernel: Kernel = {
    name: 'made up',
    dispatch: [1, 1, 1],
    workgroupSize: [64, 1, 1],
    bindings: [{ buffer: 'A', access: 'read', element: f32, length: 64 }],
    shared: [{ name: 'tile', element: f32, length: 64 }],
    body,
  };
  return compiledAccessesOf(kernel);
};

describe('the accesses that a compiler works on', () => {
  it('are those of storage and workgroup memory, by their components', () => {
    expect(accessesOf(addition('A'), addition('tile'))).toBe(2);
    expect(accessesOf({ kind: 'let', name: 'v', value: element('A', { scalar: 'f32', width: 4 }) })).toBe(4);
    expect(
      accessesOf({
        ...{ kind: 'store', array: 'tile', type: { scalar: 'f32', width: 4 }, index: zero, at: null },
        value: element('A', { scalar: 'f32', width: 4 }),
      }),
    ).toBe(8);
  });

  it('are not those of private arrays, nor arithmetic', () => {
    expect(accessesOf(addition('private'))).toBe(0);
  });

  it('stand once for each iteration of a short loop, and once in a long one', () => {
    expect(accessesOf(loop(24, addition('A')))).toBeCloseTo(24, 1);
    expect(accessesOf(loop(64, addition('A')))).toBe(1);
  });

  it('are written out where loops in loops are short together, but not around a loop that stays', () => {
    expect(accessesOf(loop(4, loop(8, addition('A'))))).toBeCloseTo(32, 0);
    expect(accessesOf(loop(4, loop(64, addition('A'))))).toBe(1);
    expect(accessesOf(loop(32, loop(32, addition('A'))))).toBeLessThan(40);
  });

  it('under a condition count like others', () => {
    const condition: KExpr = { kind: 'literal', type: { scalar: 'bool', width: 1 }, value: 1 };
    expect(accessesOf({ kind: 'if', condition, body: [addition('A'), addition('A')] })).toBe(2);
  });
});
