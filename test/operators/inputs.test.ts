import { describe, expect, it } from 'vitest';
import { findOperator } from '../../src/operators/catalog.ts';
import { exactIntegers } from '../../src/operators/fill.ts';
import { decode, encode, generateInputs, roundTo } from '../../src/operators/inputs.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';

describe('generateInputs', () => {
  it('is a function of the seed', () => {
    const workload = makeWorkload('matmul', { shape: 'm=9,n=8,k=7' });
    expect(generateInputs(workload, 1)).toEqual(generateInputs(workload, 1));
    expect(generateInputs(workload, 1)).not.toEqual(generateInputs(workload, 2));
    const { A, B } = generateInputs(workload, 1);
    expect(A?.slice(0, 56)).not.toEqual(B);
  });

  it('gives every operator values that its dtype holds exactly', () => {
    for (const operator of ['matmul', 'conv2d', 'reduce_sum', 'reduce_max', 'softmax', 'elementwise']) {
      const workload = makeWorkload(operator, { dtype: 'f16' });
      for (const values of Object.values(generateInputs(workload, 5))) {
        expect(values.every((value) => roundTo('f16', value) === value)).toBe(true);
        // Neither constant nor a ramp, so that a wrong index shows.
        expect(new Set(values.slice(0, 500)).size).toBeGreaterThan(2);
      }
    }
  });
});

describe('exactIntegers', () => {
  it('keeps the worst partial sum exact', () => {
    for (const [dtype, limit] of [
      ['f32', 2 ** 24],
      ['f16', 2 ** 11],
    ] as const) {
      for (const terms of [1, 3, 128, 2048]) {
        for (const factors of [1, 2]) {
          const fill = exactIntegers(dtype, terms, factors);
          expect(terms * fill.high ** factors).toBeLessThanOrEqual(limit);
          expect(fill.high).toBeGreaterThanOrEqual(1);
          expect(fill.density).toBe(1);
        }
      }
    }
  });

  it('thins long f16 sums instead of leaving the exact range', () => {
    const workload = makeWorkload('reduce_sum', {
      shape: 'rows=2,cols=1000000',
      dtype: 'f16',
      attributes: { accumulate: 'f16' },
    });
    const fill = findOperator('reduce_sum').fills(workload).X;
    expect(fill?.high).toBe(1);
    expect(fill?.density).toBeLessThan(1);
    const values = generateInputs(workload, 3).X ?? new Float64Array();
    let sum = 0;
    let furthest = 0;
    for (const value of values) {
      sum += value;
      furthest = Math.max(furthest, Math.abs(sum));
    }
    expect(values.filter((value) => value !== 0).length).toBeGreaterThan(10_000);
    expect(furthest).toBeLessThan(2048);
  });
});

describe('encode and decode', () => {
  it.each(['f32', 'f16', 'i32', 'u32'] as const)('%s round trip', (dtype) => {
    const values = Float64Array.of(0, 1, 2, 2047, 7);
    const bytes = encode(values, dtype);
    expect(bytes.length).toBe(values.length * (dtype === 'f16' ? 2 : 4));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decode(shifted.subarray(1), dtype)).toEqual(values);
  });

  it('stores f16 little endian', () => {
    expect([...encode(Float64Array.of(1, -2), 'f16')]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
  });
});
