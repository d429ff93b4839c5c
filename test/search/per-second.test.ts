import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createAcquisition } from '../../src/search/scoring/acquisition.ts';
import { choosePerSecond, highest, shortlist } from '../../src/search/scoring/per-second.ts';
import { createAutoSearch } from '../../src/search/strategies/auto.ts';
import { createBeamSearch } from '../../src/search/strategies/beam.ts';
import type { Candidate, SearchSpace } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';
import { runSearch, spaceOf } from './spaces.ts';
import { describeStrategyContract } from './strategy.contract.ts';

const candidates = Array.from({ length: 40 }, (_, value): Candidate => ({ sketch: 0, values: [value], score: null }));
const valueAt = ({ values }: Candidate): number => values[0] as number;

describe('the highest values', () => {
  it('come highest first, equal ones in their order, without those that are taken', () => {
    const values = [3, 9, 9, 1, 7];
    const found = highest(
      values.length,
      3,
      (at) => values[at] as number,
      (at) => at !== 4,
    );
    expect(found).toEqual([
      { at: 1, value: 9 },
      { at: 2, value: 9 },
      { at: 0, value: 3 },
    ]);
  });

  it('are asked whether they are free only where they would be among them', () => {
    const asked: number[] = [];
    highest(
      40,
      2,
      (at) => -at,
      (at) => asked.push(at) > 0,
    );
    expect(asked).toEqual([0, 1]);
  });
});

describe('a choice per second', () => {
  it('is the most promising candidate where no seconds are known', () => {
    expect(
      choosePerSecond(
        candidates,
        (at) => at,
        () => true,
        undefined,
      ),
    ).toBe(39);
    expect(
      choosePerSecond(
        candidates,
        (at) => at,
        () => false,
        undefined,
      ),
    ).toBeNull();
  });

  it('takes the shorter of two trials that promise about the same, and asks only a few', () => {
    let asked = 0;
    const logSeconds = (candidate: Candidate): number => {
      asked++;
      return valueAt(candidate) === 39 ? Math.log(10) : 0;
    };
    expect(
      choosePerSecond(
        candidates,
        (at) => 0.1 * at,
        () => true,
        logSeconds,
      ),
    ).toBe(38);
    expect(
      choosePerSecond(
        candidates,
        (at) => 10 * at,
        () => true,
        logSeconds,
      ),
    ).toBe(39);
    expect(asked).toBe(2 * shortlist);
  });
});

describe('searches that look for the gain per second', () => {
  /** Trials of small values are long. */
  const space: SearchSpace = {
    columns: 1,
    sketches: [
      {
        name: 'one',
        decisions: [{ name: 'a', doc: '', options: candidates.map(valueAt) }],
        createPruner: () => ({ check: () => null }),
        createExtractor: () => ({ extract: (values, out, at) => out.set(values, at) }),
      },
    ],
  };

  it('choose by expected improvement per second', () => {
    const mean = (logSeconds?: (candidate: Candidate) => number): number => {
      const acquisition = createAcquisition(space, createRandom(1));
      acquisition.observe([10, 20, 30].map((value) => ({ candidate: candidates[value] as Candidate, timeNs: 1000 })));
      const chosen = acquisition.choose(
        { candidates, ...(logSeconds === undefined ? {} : { logSeconds }) },
        8,
        (candidate) => [10, 20, 30].includes(valueAt(candidate)),
      );
      return chosen.reduce((sum, candidate) => sum + valueAt(candidate), 0) / chosen.length;
    };
    expect(mean((candidate) => (valueAt(candidate) < 20 ? Math.log(20) : 0))).toBeGreaterThan(mean() + 3);
  });

  it.each([
    ['the beam', createBeamSearch, 'm=64,n=48,k=32'],
    ['the automatic choice', createAutoSearch, 'm=3,n=5,k=4'],
  ] as const)('%s proposes shorter trials', async (_, create, shape) => {
    const matmul = spaceOf('matmul', shape);
    // The first decision alone makes a trial long.
    const logSeconds = ({ values }: Candidate): number => Math.log(values[0] as number);
    const length = async (options: { logSeconds?: typeof logSeconds }): Promise<number> => {
      const search = create(matmul, { seed: 1, model: createAnalyticModel('cpu'), ...options });
      const seen = await runSearch(matmul, search, 48);
      return seen.reduce((sum, { candidate }) => sum + (candidate.values[0] as number), 0) / seen.length;
    };
    expect(await length({ logSeconds })).toBeLessThan(await length({}));
  });
});

describeStrategyContract('the beam that looks for the gain per second', (space, seed) =>
  createBeamSearch(space, { seed, model: createAnalyticModel('cpu'), logSeconds: ({ values }) => values[0] ?? 0 }),
);
describeStrategyContract('the automatic choice that looks for the gain per second', (space, seed) =>
  createAutoSearch(space, { seed, model: createAnalyticModel('cpu'), logSeconds: ({ values }) => values[0] ?? 0 }),
);
