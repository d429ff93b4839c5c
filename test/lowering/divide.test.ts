import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, div, forLoop, int, load, mod, mul, variable as v } from '../../src/ir/builders.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { magicFor } from '../../src/lowering/codegen/divide.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { expectSameMeaning } from './equality.ts';
import { block, buffer, spatial } from './programs.ts';

describe('division by a constant', () => {
  it('is exact up to its bound as a multiplication and a shift, in 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 1, max: 60_000 }), (divisor, top) => {
        const magic = magicFor(divisor, top);
        if (magic === null) return;
        expect(top * magic.factor).toBeLessThan(2 ** 32);
        for (const x of [0, 1, divisor - 1, divisor, top - (top % divisor) - 1, top - (top % divisor), top]) {
          if (x < 0 || x > top) continue;
          expect(Math.imul(x, magic.factor) >>> magic.shift).toBe(Math.floor(x / divisor));
        }
      }),
    );
  });

  it('has such a form for every extent a reduction loop has', () => {
    for (let divisor = 2; divisor < 200; divisor++) expect(magicFor(divisor, 32_767)).not.toBeNull();
  });

  it('is, in a loop, a shift, a remainder of a power of two or a multiplication, and never another operator', () => {
    const at = (e: number) => [div(v('i'), int(e)), mod(v('i'), int(e))];
    const body = block('take', [spatial('i', 70, v('a'))], {
      to: 'Y',
      at: [v('i')],
      value: add(load('A', at(7)), mul(load('B', at(8)), int(2))),
    });
    const program: Program = {
      inputs: ['A', 'B'],
      outputs: ['Y'],
      buffers: [buffer('A', [10, 7]), buffer('B', [9, 8]), buffer('Y', [70])],
      body: [forLoop('a', 70, body)],
    };
    const wgsl = emit(expectSameMeaning(program)).kernels[0]?.wgsl ?? '';
    expect(wgsl.slice(wgsl.indexOf('for ('))).not.toMatch(/[^/]\/[^/]|% (?!8u)/);
  });
});
