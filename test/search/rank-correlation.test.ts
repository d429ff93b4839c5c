import { expect, it } from 'vitest';
import { rankCorrelation } from '../../bench/statistics/rank-correlation.ts';

it('rank correlation is 1 for the same order, -1 for the opposite, and shares the ranks of equal values', () => {
  expect(rankCorrelation([1, 2, 3, 4], [10, 200, 201, 1e6])).toBeCloseTo(1);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 2, 3])).toBeCloseTo(1);
  // By hand: ranks 1 2.5 2.5 4 against 1 3 2 4.
  expect(rankCorrelation([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5));
  expect(rankCorrelation([1], [1])).toBeNaN();
});
