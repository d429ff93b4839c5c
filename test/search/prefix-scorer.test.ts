import { describe, expect, it } from 'vitest';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createPrefixScorer, hopeless, type PrefixScorerOptions } from '../../src/search/scoring/prefix-scorer.ts';
import type { SearchSketch } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';

const options = Array.from({ length: 20 }, (_, at) => at);
/** Features are the decisions. Where a is 4, b = 3 is not legal; where a is 5, nothing is. */
const sketch: SearchSketch = {
  name: 'made',
  decisions: ['a', 'b', 'c'].map((name) => ({ name, doc: '', options })),
  createPruner: () => ({ check: ([a, b]) => ((a === 4 && b === 3) || (a === 5 && !Number.isNaN(b)) ? 'no' : null) }),
  createExtractor: () => ({ extract: (values, out, offset) => out.set(values, offset) }),
};
/** One end in 400 is good, whatever a is. */
const model: CostModel = {
  ...{ name: 'made', trained: true },
  score: (rows, count, columns, into) => {
    for (let row = 0; row < count; row++) {
      const [a, b, c] = rows.subarray(row * columns, row * columns + 3) as unknown as [number, number, number];
      into[row] = b === 3 && c === 7 ? 100 + a : a;
    }
  },
  fit: () => {},
};

function scoresOf(prefixes: readonly number[], options: Omit<PrefixScorerOptions, 'completions'>): number[] {
  const scorer = createPrefixScorer(sketch, 3, model, { completions: 8, ...options }, createRandom(1));
  const into = new Float32Array(prefixes.length);
  scorer.score(Float64Array.from(prefixes.flatMap((a) => [a, Number.NaN, Number.NaN])), prefixes.length, 1, into);
  return [...into];
}

describe('the score of a prefix', () => {
  const donors = () => [[1, 3, 7]];

  it('is that of its best random completion, which seldom comes to a rare good end', () => {
    expect(scoresOf([0, 1, 2], {})).toEqual([0, 1, 2]);
  });

  it('is that of the good end of a donor, where one is given', () => {
    expect(scoresOf([0, 1, 2], { donated: 4, donors })).toEqual([100, 101, 102]);
    expect(scoresOf([0, 1, 2], { donated: 0, donors })).toEqual([0, 1, 2]);
    expect(scoresOf([0, 1, 2], { donated: 4, donors: () => [] })).toEqual([0, 1, 2]);
  });

  it('takes only what is legal from a donor', () => {
    expect(scoresOf([4, 5], { donated: 8, donors })).toEqual([4, Math.fround(hopeless)]);
  });
});
