import { describe, expect, it } from 'vitest';
import { findOperator } from '../../src/operators/catalog.ts';
import { flopsOf, minimumBytes } from '../../src/operators/flops.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';

const build = (operator: string, wish: WorkloadWish) => findOperator(operator).build(makeWorkload(operator, wish));

describe('flopsOf', () => {
  it.each<[string, WorkloadWish, number]>([
    ['matmul', { shape: 'b=2,m=7,n=5,k=3' }, 2 * 2 * 7 * 5 * 3],
    // Padding takes comparisons and selects, which are free.
    ['conv2d', { shape: 'n=2,c=4,h=7,w=7,oc=6,groups=2' }, 2 * (2 * 6 * 7 * 7) * (2 * 3 * 3)],
    // Casts and unpacking bits do not count: subtract the zero point, scale, multiply, add.
    ['quantized_matmul', { shape: 'm=3,n=5,k=64' }, 4 * 3 * 5 * 64],
    // Sum of nine, divided by rows times columns under the window.
    ['avg_pool2d', { shape: 'c=2,h=5,w=5,stride=1' }, 2 * 25 * (9 + 2)],
    ['matmul', { shape: 'm=7,n=5,k=3', attributes: { epilogue: 'relu(x + bias)' } }, 7 * 5 * (2 * 3 + 2)],
    ['reduce_sum', { shape: 'rows=3,cols=11' }, 33],
    // max; subtract, exp, add; subtract, exp, divide.
    ['softmax', { shape: 'rows=3,cols=11' }, 33 * (1 + 3 + 3)],
    ['elementwise', { shape: 'n=1,c=2,h=3,w=4', attributes: { expression: 'relu(x + y)' } }, 24 * 2],
    ['elementwise', { shape: 'n=1,c=2,h=3,w=4', attributes: { expression: '-abs(x)' } }, 0],
  ])('%s %o', (operator, wish, flops) => {
    expect(flopsOf(build(operator, wish))).toBe(flops);
    expect(flopsOf(build(operator, { ...wish, dtype: 'f16' }))).toBe(flops);
  });
});

describe('minimumBytes', () => {
  it('counts inputs and outputs once, intermediates never', () => {
    expect(minimumBytes(build('matmul', { shape: 'm=7,n=5,k=3' }))).toBe(4 * (21 + 15 + 35));
    expect(minimumBytes(build('softmax', { shape: 'rows=3,cols=11', dtype: 'f16' }))).toBe(2 * (33 + 33));
  });
});
