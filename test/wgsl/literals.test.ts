import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printLiteral } from '../../src/wgsl/literals.ts';

describe('literals', () => {
  it.each([
    [0.25, 'f32', '0.25'],
    [3, 'f32', '3.0'],
    [-0, 'f32', '-0.0'],
    [0.1, 'f32', '0.1'],
    [1e-5, 'f32', '0.00001'],
    [1e-9, 'f32', '1e-9f'],
    [1e30, 'f32', '1e+30f'],
    [-3.4028234663852886e38, 'f32', '-0x1.fffffep+127f'],
    [3.4028234663852886e38, 'f32', '0x1.fffffep+127f'],
    [-65504, 'f16', '-65504.0h'],
    [0.5, 'f16', '0.5h'],
    [7, 'u32', '7u'],
    [-7, 'i32', '-7i'],
    [1, 'bool', 'true'],
  ] as const)('%d as %s is %s', (value, scalar, text) => {
    expect(printLiteral(value, scalar)).toBe(text);
  });

  it('are the same f32 when they are read back', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = printLiteral(value, 'f32');
        if (text.includes('0x')) return;
        expect(Math.fround(Number(text.replace(/f$/, '')))).toBe(value);
        expect(text).toMatch(/[.f]/);
      }),
    );
  });

  it('refuse numbers that have no finite value in the type', () => {
    expect(() => printLiteral(1e39, 'f32')).toThrow(/no finite f32/);
    expect(() => printLiteral(70000, 'f16')).toThrow(/no finite f16/);
  });
});
