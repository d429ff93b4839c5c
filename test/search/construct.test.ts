import { describe, expect, it } from 'vitest';
import { constructCandidates } from '../../src/search/construct.ts';
import type { Judge } from '../../src/search/judge.ts';
import { listCandidates } from '../../src/search/listing.ts';
import { createTally } from '../../src/search/tally.ts';
import { createRandom } from '../../src/support/random.ts';
import { spaceOf } from './spaces.ts';

describe('sequential construction', () => {
  // What lets a listed space be judged candidate by candidate and not prefix by prefix (src/search/chooser.ts).
  it('that judges prefixes by the best of all their completions ends at the best candidates', () => {
    const { sketches } = spaceOf('reduce_sum', 'rows=3,cols=5');
    const listed = listCandidates({ sketches, columns: 1 }) ?? [];
    expect(listed.length).toBeGreaterThan(10);
    for (const [index, sketch] of sketches.entries()) {
      const own = listed.filter((candidate) => candidate.sketch === index);
      const random = createRandom(3);
      const worth = new Map(own.map(({ values }) => [values.join(), Math.fround(random.unit())]));
      const width = sketch.decisions.length;
      const judge: Judge = {
        score: (prefixes, count, depth, into) => {
          for (let at = 0; at < count; at++) {
            const prefix = prefixes.subarray(at * width, at * width + depth);
            const ends = own.filter(({ values }) => prefix.every((value, d) => values[d] === value));
            into[at] = Math.max(...ends.map(({ values }) => worth.get(values.join()) as number));
          }
        },
      };
      const best = [...worth.entries()].sort((a, b) => b[1] - a[1]).map(([key]) => key);
      const survivors = 4;
      const found = constructCandidates(
        sketch,
        judge,
        { width: survivors, keepAlive: 0 },
        createTally(),
        createRandom(1),
      );
      const top = found.slice(0, survivors).map(({ values }) => values.join());
      expect(top).toEqual(best.slice(0, survivors));
    }
  });
});
