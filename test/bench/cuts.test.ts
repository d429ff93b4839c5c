import { describe, expect, it } from 'vitest';
import { lossOf, sampledBest } from '../../bench/cuts/judge.ts';
import { climb, knownWhole } from '../../bench/cuts/known.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { makeRecordedSpace } from '../../src/search/recorded/recorded-space.ts';
import { replaySpace } from '../../src/search/recorded/replayed-space.ts';
import { hopeless } from '../../src/search/scoring/prefix-scorer.ts';
import { createRandom } from '../../src/support/random.ts';

/** A space of two decisions; a time for each pair of them. */
const times = [
  [100, 400, 400, 400],
  [300, 300, 300, 300],
  [200, 250, 500, 500],
  [900, 900, 900, 900],
];
const replayed = replaySpace(
  makeRecordedSpace(
    'made',
    ['a', 'b'],
    times.flatMap((row, a) =>
      row.map((timeNs, b) => ({
        ...{ values: new Map(Object.entries({ a, b })), samplesNs: [timeNs], timeNs, failure: null },
      })),
    ),
  ),
);
const known = knownWhole(replayed);
if (known === null) throw new Error('the space is listed');

/** Scores a candidate by its first two features, which are its decisions. */
const modelOf = (score: (a: number, b: number) => number): CostModel => ({
  ...{ name: 'made', trained: true },
  score: (rows, count, columns, into) => {
    for (let row = 0; row < count; row++)
      into[row] = score(rows[row * columns] as number, rows[row * columns + 1] as number);
  },
  fit: () => {},
});
/** The four prefixes of one decision, of which some are kept. */
const layer = (kept: readonly number[], scores: readonly number[]) => ({
  ...{ depth: 1, kept, cut: [0, 1, 2, 3].filter((row) => !kept.includes(row)), scores: Float32Array.from(scores) },
  rows: Float64Array.from([0, 1, 2, 3].flatMap((a) => [a, Number.NaN])),
});

describe('what a beam loses at a depth', () => {
  it('is known where the space was measured whole', () => {
    expect(known.bestNs).toBe(100);
    expect(known.goodNs).toBe(100);
    expect([0, 1, 2, 3].map((a) => known.bestOf(0, Float64Array.of(a, Number.NaN), 1))).toEqual([100, 300, 200, 900]);
  });

  it('is nothing while the best prefix is kept', () => {
    const loss = lossOf(
      known,
      modelOf(() => 0),
      0,
      layer([0, 2], [5, 1, 4, hopeless]),
      createRandom(1),
    );
    expect(loss).toMatchObject({ judged: 4, kept: 2, outscored: 1, noCompletion: 1, before: 1, after: 1, fault: null });
    expect(loss.goodKept).toEqual([1, 2]);
    expect(loss.goodCut).toEqual([0, 2]);
    expect(loss.pairwise).toBe(1);
  });

  it('is by random completions where the model knows the better end, and by the model where it does not', () => {
    const scores = [1, 3, 4, 0];
    const knowing = modelOf((a, b) => 10 - 0.01 * (times[a]?.[b] ?? 0));
    const loss = lossOf(known, knowing, 0, layer([1, 2], scores), createRandom(1));
    expect(loss).toMatchObject({ before: 1, after: 0.5, fault: 'completions' });
    expect(loss.goodCut).toEqual([1, 2]);
    expect(loss.pairwise).toBeCloseTo(4 / 6);
    const wrong = modelOf((a) => a);
    expect(lossOf(known, wrong, 0, layer([1, 2], scores), createRandom(1)).fault).toBe('model');
  });
});

describe('what is known of a space by sampling', () => {
  it('is the least time of random completions', () => {
    const best = sampledBest(replayed.space, replayed.timeOf, 64, createRandom(1));
    expect([0, 1, 2, 3].map((a) => best(0, Float64Array.of(a, Number.NaN), 1))).toEqual([100, 300, 200, 900]);
  });

  it('climbs to where no single decision makes it faster', () => {
    const endFrom = (...values: number[]): number | null =>
      replayed.timeOf(
        climb(
          replayed.space.sketches,
          { sketch: 0, values, score: null },
          (candidate) => replayed.timeOf(candidate) as number,
        ),
      );
    expect(endFrom(3, 0)).toBe(100);
    expect(endFrom(3, 2)).toBe(300);
  });
});
