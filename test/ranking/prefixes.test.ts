import { expect, it } from 'vitest';
import { kindOf, type Measured } from '../../bench/ranking/measured.ts';
import { depthOf, prefixesOf } from '../../bench/ranking/prefixes.ts';

const decision = (options: number[]) => ({ name: 'd', options });
const sketch = { decisions: [decision([1, 2]), decision([7]), decision([1, 2, 3]), decision([5])] };

it('takes its fraction of the decisions that have more than one option', () => {
  expect([0, 0.5, 1].map((fraction) => depthOf(sketch as never, fraction))).toEqual([0, 1, 4]);
});

it('holds each prefix once, worth its best completion, even one outside the candidates that are asked for', () => {
  const measured = {
    space: { sketches: [sketch] },
    candidates: [
      [1, 7, 1, 5],
      [1, 7, 2, 5],
      [2, 7, 1, 5],
      [2, 7, 3, 5],
    ].map((values) => ({ sketch: 0, values, score: null })),
    timesNs: [400, 200, 1000, 100],
  } as unknown as Measured;
  const half = prefixesOf(measured, 0.5, [0, 1, 2], [0, 1, 2, 3]);
  expect(half.prefixes.map(({ values }) => values[0])).toEqual([1, 2]);
  expect(half.prefixes.every(({ values }) => Number.isNaN(values[2]))).toBe(true);
  expect([...half.worth]).toEqual([0.5, 1]);
  const whole = prefixesOf(measured, 1, [0, 2], [0, 1, 2, 3]);
  expect([...whole.worth].map((worth) => Math.round(100 * worth))).toEqual([25, 10]);
});

it('puts a product of few rows or columns in a class of its own', () => {
  expect(kindOf({ operator: 'matmul', params: { m: 4, n: 512, k: 8 } })).toBe('skinny matmul');
  expect(kindOf({ operator: 'matmul', params: { m: 64, n: 64, k: 8 } })).toBe('matmul');
  expect(kindOf({ operator: 'softmax', params: { rows: 4 } })).toBe('softmax');
});
