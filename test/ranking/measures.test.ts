import { expect, it } from 'vitest';
import { meanOf, pairwiseAccuracy, recallAt, topShare } from '../../bench/ranking/measures.ts';

it('counts pairs in the right order, half of those with equal scores, and none that measurements cannot tell apart', () => {
  expect(pairwiseAccuracy([3, 2, 1], [30, 20, 10])).toBe(1);
  expect(pairwiseAccuracy([1, 2, 3], [30, 20, 10])).toBe(0);
  expect(pairwiseAccuracy([1, 1, 0], [30, 20, 10])).toBeCloseTo(2.5 / 3);
  // Times 1% apart count as equal: of the three pairs two are left, and both are right.
  expect(pairwiseAccuracy([1, 2, 0], [1, 0.99, 0.5])).toBe(1);
  expect(pairwiseAccuracy([1, 2], [1, 0.99])).toBeNaN();
});

it('finds how many of the best are among those with the highest scores', () => {
  expect(recallAt(2, [4, 3, 2, 1], [4, 1, 3, 2])).toBe(0.5);
  expect(recallAt(2, [4, 1, 3, 2], [4, 1, 3, 2])).toBe(1);
  expect(recallAt(4, [4, 3, 2, 1], [4, 1, 3, 2])).toBeNaN();
});

it('says how close to the best the first few come', () => {
  expect(topShare(1, [4, 3, 2, 1], [5, 10, 1, 1])).toBe(0.5);
  expect(topShare(2, [4, 3, 2, 1], [5, 10, 1, 1])).toBe(1);
});

it('takes the mean of the numbers that are not missing', () => {
  expect(meanOf([1, Number.NaN, 3])).toBe(2);
  expect(meanOf([Number.NaN])).toBeNaN();
});
