import { expect, it } from 'vitest';
import { meanOf, pairwiseAccuracy, recallAt, topShare } from '../../bench/ranking/measures.ts';

it('counts pairs in the right order, half of those that scores leave open, none that nobody could measure', () => {
  expect(pairwiseAccuracy([3, 2, 1], [30, 20, 10])).toBe(1);
  expect(pairwiseAccuracy([1, 2, 3], [30, 20, 10])).toBe(0);
  expect(pairwiseAccuracy([1, 1, 0], [30, 20, 10])).toBeCloseTo(2.5 / 3);
  // 1% apart is the same: of the three pairs two are left, and both are right.
  expect(pairwiseAccuracy([1, 2, 0], [1, 0.99, 0.5])).toBe(1);
  expect(pairwiseAccuracy([1, 2], [1, 0.99])).toBeNaN();
});

it('finds how many of the best are among those that scores put first', () => {
  expect(recallAt(2, [4, 3, 2, 1], [4, 1, 3, 2])).toBe(0.5);
  expect(recallAt(2, [4, 1, 3, 2], [4, 1, 3, 2])).toBe(1);
  expect(recallAt(4, [4, 3, 2, 1], [4, 1, 3, 2])).toBeNaN();
});

it('says what trying the first few finds, of the best there is', () => {
  expect(topShare(1, [4, 3, 2, 1], [5, 10, 1, 1])).toBe(0.5);
  expect(topShare(2, [4, 3, 2, 1], [5, 10, 1, 1])).toBe(1);
});

it('takes the mean of what is there', () => {
  expect(meanOf([1, Number.NaN, 3])).toBe(2);
  expect(meanOf([Number.NaN])).toBeNaN();
});
