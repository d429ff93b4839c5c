import { describe, expect, it } from 'vitest';
import { hopeless, type PrefixScorer } from '../../src/search/scoring/prefix-scorer.ts';
import { enumerateCandidates } from '../../src/search/space/enumeration.ts';
import { constructCandidates } from '../../src/search/strategies/beam-construction.ts';
import { createTally } from '../../src/search/tally.ts';
import { createRandom } from '../../src/support/random.ts';
import { spaceOf } from './spaces.ts';

describe('sequential construction', () => {
  // This is why an enumerated space can be judged by candidates instead of prefixes (src/search/strategies/bayesian.ts).
  it('that judges prefixes by the best of all their completions ends at the best candidates', () => {
    const { sketches } = spaceOf('reduce_sum', 'rows=3,cols=5');
    const listed = enumerateCandidates({ sketches, columns: 1 }) ?? [];
    expect(listed.length).toBeGreaterThan(10);
    for (const [index, sketch] of sketches.entries()) {
      const own = listed.filter((candidate) => candidate.sketch === index);
      const random = createRandom(3);
      const worth = new Map(own.map(({ values }) => [values.join(), Math.fround(random.unit())]));
      const width = sketch.decisions.length;
      const scorer: PrefixScorer = {
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
      const found = constructCandidates(sketch, scorer, survivors, createTally());
      const top = found.slice(0, survivors).map(({ values }) => values.join());
      expect(top).toEqual(best.slice(0, survivors));
    }
  });

  it('backs up and goes on wider where no child is legal, and says where and why', () => {
    const names = ['a', 'b', 'c'];
    const tally = createTally();
    // The scorer prefers prefixes that only the last decision shows to be illegal.
    const found = constructCandidates(
      {
        name: 'made',
        decisions: names.map((name) => ({ name, doc: '', options: [0, 1, 2, 3] })),
        createPruner: () => ({ check: ([a, , c]) => (Number.isNaN(c as number) || a === 0 ? null : 'no-way-on') }),
      },
      {
        score: (prefixes, count, _, into) => {
          for (let at = 0; at < count; at++) into[at] = prefixes[at * names.length] as number;
        },
      },
      2,
      tally,
    );
    expect(found.length).toBeGreaterThan(0);
    for (const { values } of found) expect(values[0]).toBe(0);
    expect(tally.deaths).toEqual([{ depth: 3, reason: 'no-way-on', count: expect.any(Number) }]);
  });

  it('counts what it judged and cut by judgement and depth, and shows every depth to whoever watches', () => {
    const tally = createTally();
    const layers: { depth: number; kept: number[][]; cut: number[][] }[] = [];
    const options = [0, 1, 2, 3];
    // Only a = 3 has no completion; the others are the better the higher they are.
    const scorer: PrefixScorer = {
      score: (prefixes, count, _, into) => {
        for (let at = 0; at < count; at++) {
          const [a, b] = prefixes.subarray(at * 3, at * 3 + 2) as unknown as [number, number];
          into[at] = a === 3 ? hopeless : 10 * a + (Number.isNaN(b) ? 0 : b);
        }
      },
    };
    const sketch = {
      name: 'made',
      decisions: ['a', 'b', 'c'].map((name) => ({ name, doc: '', options })),
      createPruner: () => ({ check: () => null }),
    };
    const found = constructCandidates(sketch, scorer, 2, tally, ({ depth, rows, kept, cut }) => {
      const valuesOf = (row: number): number[] => [...rows.subarray(row * 3, row * 3 + depth)];
      layers.push({ depth, kept: kept.map(valuesOf), cut: cut.map(valuesOf) });
    });
    expect(found.length).toBe(8);
    expect(tally.judged).toBe(4 + 8);
    expect(Object.fromEntries(tally.cutByDepth)).toEqual({ outscored: [0, 1, 6], 'no-completion': [0, 1] });
    expect(layers.sort((a, b) => a.depth - b.depth)).toEqual([
      { depth: 1, kept: [[2], [1]], cut: [[0], [3]] },
      {
        depth: 2,
        kept: [
          [2, 3],
          [2, 2],
        ],
        cut: [
          [2, 1],
          [2, 0],
          [1, 3],
          [1, 2],
          [1, 1],
          [1, 0],
        ],
      },
    ]);
  });

  it('counts no prefix as cut to which it came back', () => {
    const tally = createTally();
    const found = constructCandidates(
      {
        name: 'made',
        decisions: ['a', 'b'].map((name) => ({ name, doc: '', options: [0, 1, 2, 3] })),
        createPruner: () => ({ check: ([a, b]) => (Number.isNaN(b as number) || a === 0 ? null : 'no-way-on') }),
      },
      {
        score: (prefixes, count, _, into) => {
          for (let at = 0; at < count; at++) into[at] = prefixes[at * 2] as number;
        },
      },
      1,
      tally,
    );
    // First a = 3, then 2 and 1, then 0: all were gone on with.
    expect(found.length).toBe(4);
    expect(tally.judged).toBe(4);
    expect(tally.cutByDepth.size).toBe(0);
  });

  it('gives up where nothing at all is legal', () => {
    const tally = createTally();
    const sketch = {
      name: 'made',
      decisions: ['a', 'b'].map((name) => ({ name, doc: '', options: [0, 1] })),
      createPruner: () => ({ check: (values: Float64Array) => (Number.isNaN(values[1] as number) ? null : 'nothing') }),
    };
    const scorer: PrefixScorer = { score: (_, count, __, into) => void into.fill(0, 0, count) };
    expect(constructCandidates(sketch, scorer, 1, tally)).toEqual([]);
    expect(tally.deaths).toEqual([{ depth: 2, reason: 'nothing', count: 2 }]);
  });

  it('tells of every depth how many prefixes were judged and kept, and the best and the least score among the kept', () => {
    const tally = createTally();
    const sketch = {
      name: 'made',
      decisions: ['a', 'b'].map((name) => ({ name, doc: '', options: [0, 1, 2, 3] })),
      createPruner: () => ({ check: () => null }),
    };
    const scorer: PrefixScorer = {
      score: (prefixes, count, depth, into) => {
        for (let at = 0; at < count; at++) {
          const sum = (prefixes[at * 2] as number) + (depth > 1 ? (prefixes[at * 2 + 1] as number) : 0);
          into[at] = sum === 0 ? hopeless : sum;
        }
      },
    };
    constructCandidates(sketch, scorer, 2, tally);
    expect(tally.layers).toEqual([
      { sketch: 'made', depth: 2, judged: 8, kept: 8, best: 6, least: 2 },
      { sketch: 'made', depth: 1, judged: 4, kept: 2, best: 3, least: 2 },
    ]);
  });
});
