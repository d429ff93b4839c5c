import { expect, it } from 'vitest';
import { createHistory } from '../../src/search/history.ts';
import { createRooflineBound } from '../../src/search/scoring/roofline-bound.ts';
import type { SearchSpace } from '../../src/search/strategy.ts';

/** One decision; a candidate of value v is bounded by 100 v ns. */
const space: SearchSpace = {
  columns: 1,
  sketches: [
    {
      name: 'one',
      decisions: [{ name: 'v', doc: '', options: [1, 2, 3] }],
      createPruner: () => ({ check: () => null }),
      createExtractor: () => ({ extract: (values, out, at) => out.set(values, at) }),
      createBound: () => (values) => (Number.isNaN(values[0] as number) ? 0 : 100 * (values[0] as number)),
    },
  ],
};
const candidate = (value: number) => ({ sketch: 0, values: [value], score: null });

it('is what a bound above the best time says, once there is one', () => {
  const history = createHistory(space);
  const isTooSlow = createRooflineBound(space, history);
  expect(isTooSlow(0, Float64Array.of(3))).toBe(false);
  history.add({ candidate: candidate(1), timeNs: 250 });
  expect(isTooSlow(0, Float64Array.of(3))).toBe(true);
  expect(isTooSlow(0, Float64Array.of(2))).toBe(false);
  expect(isTooSlow(0, Float64Array.of(Number.NaN))).toBe(false);
});

it('is nothing any more when a candidate was faster than its own bound', () => {
  const history = createHistory(space);
  const isTooSlow = createRooflineBound(space, history);
  history.add({ candidate: candidate(2), timeNs: 150 });
  expect(isTooSlow(0, Float64Array.of(3))).toBe(false);
});
