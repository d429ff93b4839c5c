import { expect, it } from 'vitest';
import { constructInPasses } from '../../src/search/coarse-to-fine.ts';
import type { Judge } from '../../src/search/judge.ts';
import type { SearchSketch } from '../../src/search/strategy.ts';
import { createTally } from '../../src/search/tally.ts';
import { createRandom } from '../../src/support/random.ts';

const options = [0, 1, 2, 3];
const sketch: Pick<SearchSketch, 'decisions' | 'createPruner'> = {
  decisions: ['a', 'b', 'c', 'd'].map((name) => ({ name, doc: '', options })),
  createPruner: () => ({ check: () => null }),
};

/** Likes large values of the decisions made; of the complete, one that no half-made prefix hints at. */
function judging(seen: number[][]): Judge {
  return {
    score: (prefixes, count, depth, into) => {
      for (let at = 0; at < count; at++) {
        const values = [...prefixes.subarray(at * 4, at * 4 + 4)].filter((value) => !Number.isNaN(value));
        if (depth === 3) seen.push(values);
        into[at] = values.join() === '3,3,0,1' ? 100 : values.reduce((sum, value) => sum + value, 0);
      }
    },
  };
}

it('later passes enter only first halves of the best ends, and find behind them what one pass of the same width drops', () => {
  const first: number[][] = [];
  const once = constructInPasses(sketch, judging(first), { width: 8, keepAlive: 0 }, 1, createTally(), createRandom(1));
  const seen: number[][] = [];
  const both = constructInPasses(sketch, judging(seen), { width: 8, keepAlive: 0 }, 2, createTally(), createRandom(1));
  const halves = new Set(once.slice(0, 8).map(({ values }) => values.slice(0, 2).join()));
  const later = seen.slice(first.length);
  expect(later.length).toBeGreaterThan(0);
  for (const prefix of later) expect(halves).toContain(prefix.slice(0, 2).join());
  expect(once.map(({ values }) => values.join())).not.toContain('3,3,0,1');
  expect(both[0]).toEqual({ values: [3, 3, 0, 1], score: 100 });
  expect(new Set(both.map(({ values }) => values.join())).size).toBe(both.length);
});
