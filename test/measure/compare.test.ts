import { describe, expect, it } from 'vitest';
import { compareOutput, decodeElements, describeWrong, nothingCompared } from '../../src/measure/child/compare.ts';
import { decode } from '../../src/operators/inputs.ts';

const check = (
  expected: readonly number[],
  absoluteTolerance = 0,
  relativeTolerance = 0,
  positions: Uint32Array | null = null,
) => ({
  buffer: 'C',
  positions,
  expected: Float64Array.from(expected),
  absoluteTolerance,
  relativeTolerance,
});

describe('compareOutput', () => {
  it('is exact in the values of the dtype when no tolerance is given', () => {
    const got = Float32Array.of(0.1, -0, Number.NaN, Number.POSITIVE_INFINITY);
    expect(
      compareOutput(nothingCompared, got, 'f32', check([0.1, 0, Number.NaN, Number.POSITIVE_INFINITY])),
    ).toMatchObject({
      checked: 4,
      wrong: 0,
    });
    const next = Float32Array.of(0.1000001);
    expect(compareOutput(nothingCompared, next, 'f32', check([0.1]))).toMatchObject({ checked: 1, wrong: 1 });
  });

  it('allows what the tolerances allow and no more', () => {
    const got = Float32Array.of(10.5, 101);
    expect(compareOutput(nothingCompared, got, 'f32', check([10, 100], 0.5, 0.005)).wrong).toBe(0);
    expect(compareOutput(nothingCompared, got, 'f32', check([10, 100], 0.4, 0.006))).toMatchObject({
      wrong: 1,
      maxError: 1,
    });
    expect(compareOutput(nothingCompared, Float32Array.of(Number.NaN), 'f32', check([1], 1e9)).wrong).toBe(1);
    expect(
      compareOutput(nothingCompared, Float32Array.of(Number.POSITIVE_INFINITY), 'f32', check([1], 1, 1)).wrong,
    ).toBe(1);
  });

  it('adds checks up and keeps the first wrong element', () => {
    const got = Int32Array.of(1, 2, 3);
    const first = compareOutput(nothingCompared, got, 'i32', check([3, 9], 0, 0, Uint32Array.of(2, 1)));
    const both = compareOutput(first, got, 'i32', check([1, 2, 4]));
    expect(both).toEqual({
      checked: 5,
      wrong: 2,
      maxError: 7,
      firstWrong: { buffer: 'C', index: 1, expected: 9, got: 2 },
    });
    expect(describeWrong(both)).toBe('C[1] is 2, expected 9; 2 of 5 compared elements are wrong');
  });

  it('decodes every dtype', () => {
    expect([...Array.from(decodeElements(Uint16Array.of(0x3c00, 0xc000).buffer, 'f16', 2))]).toEqual([1, -2]);
    expect(Array.from(decodeElements(Uint32Array.of(0xffffffff).buffer, 'i32', 1))).toEqual([-1]);
    expect(Array.from(decodeElements(Uint32Array.of(0xffffffff).buffer, 'u32', 1))).toEqual([0xffffffff]);
    expect(Array.from(decodeElements(Uint32Array.of(1).buffer, 'bool', 1))).toEqual([1]);
  });
});

describe('decodeElements', () => {
  it('reads every number of f16 as it is', () => {
    const bits = Uint16Array.from({ length: 1 << 16 }, (_, half) => half);
    const read = decodeElements(bits.buffer, 'f16', bits.length);
    const known = decode(new Uint8Array(bits.buffer), 'f16');
    expect(Array.from(read).every((value, half) => Object.is(value, known[half]))).toBe(true);
  });
});
