import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createOptimumBelief } from '../../src/search/scoring/optimum-belief.ts';
import { createBayesianSearch } from '../../src/search/strategies/bayesian.ts';
import { createTransferSearch } from '../../src/search/strategies/transfer.ts';
import type { Candidate, SearchSpace, SearchStrategy } from '../../src/search/strategy.ts';

describe('what sources believe of where the optimum lies', () => {
  const [one, other] = [Float32Array.of(3, 2, 2, 0), Float32Array.of(0, 0, 1, 5)];
  const bonusOf = (trials: number, shares: readonly number[]): number[] => {
    const belief = createOptimumBelief([one, other]);
    belief.update(trials, shares);
    return [...belief.bonus];
  };

  it('follows the order of a source, in which equal scores are alike, and not one that weighs nothing', () => {
    const [best, second, same, worst] = bonusOf(0, [1, 0]) as [number, number, number, number];
    expect(best).toBeGreaterThan(second);
    expect(second).toBe(same);
    expect(same).toBeGreaterThan(worst);
    expect(bonusOf(0, [0, 1])[3]).toBe(best);
  });

  it('takes either favourite for likelier than what no source likes, and is none without a share', () => {
    const [best, second, , favourite] = bonusOf(0, [0.5, 0.5]) as [number, number, number, number];
    expect(best).toBeGreaterThan(second);
    expect(favourite).toBeGreaterThan(second);
    expect(bonusOf(0, [0, 0])).toEqual([0, 0, 0, 0]);
  });

  it('wanes with the root of the trials', () => {
    const gap = (trials: number): number => {
      const [best, , , worst] = bonusOf(trials, [1, 0]) as [number, number, number, number];
      return best - worst;
    };
    expect(gap(3)).toBeCloseTo(gap(0) / 2, 4);
    expect(gap(99)).toBeCloseTo(gap(0) / 10, 4);
  });
});

describe('a search that learns from what others measured', () => {
  const sizes = Array.from({ length: 20 }, (_, at) => at + 1);
  const space: SearchSpace = {
    columns: 2,
    decisionsOnly: true,
    sketches: [
      {
        name: 'grid',
        decisions: ['x', 'y', 'z'].map((name) => ({ name, doc: '', options: name === 'z' ? [0, 1, 2] : sizes })),
        createPruner: () => ({ check: () => null }),
        createExtractor: () => ({ extract: (values, out, at) => out.set(values.slice(0, 2), at) }),
      },
    ],
  };
  const all: Candidate[] = sizes.flatMap((x) =>
    sizes.flatMap((y) => [0, 1, 2].map((z) => ({ sketch: 0, values: [x, y, z], score: null }))),
  );
  const timeOf = ({ values }: Candidate): number => {
    const [x, y, z] = values as [number, number, number];
    return Math.exp(0.3 * Math.abs(x - 13) + 0.2 * Math.abs(y - 6) + (z === 1 ? 0 : 0.8));
  };
  const truth = Float32Array.from(all, (candidate) => -Math.log(timeOf(candidate)));
  const opposite = truth.map((score) => -score);

  const trialsOf = async (strategy: SearchStrategy): Promise<number> => {
    for (let trials = 1; trials <= 200; trials++) {
      const [candidate] = strategy.propose(1) as [Candidate];
      if (timeOf(candidate) < 1.1) return trials;
      await strategy.observe([{ candidate, timeNs: timeOf(candidate) }]);
    }
    return Number.POSITIVE_INFINITY;
  };
  const seeds = [1, 2, 3];
  const cold = (seed: number): SearchStrategy =>
    createBayesianSearch(space, { seed, all, model: createAnalyticModel('cpu') });
  const meanOf = async (create: (seed: number) => SearchStrategy): Promise<number> => {
    let sum = 0;
    for (const seed of seeds) sum += await trialsOf(create(seed));
    return sum / seeds.length;
  };

  it('takes what is right at once, also beside a source that says the opposite', async () => {
    expect(await meanOf((seed) => createTransferSearch(space, { seed, all, scores: [truth] }))).toBe(1);
    const both = createTransferSearch(space, { seed: 1, all, scores: [opposite, truth] });
    expect(await trialsOf(both)).toBeLessThanOrEqual(3);
  });

  it('loses no more than some first trials where its only source says the opposite, by itself and taking turns as `tune` does', async () => {
    const expected = await meanOf(cold);
    const alone = await meanOf((seed) => createTransferSearch(space, { seed, all, scores: [opposite] }));
    const inTurns = await meanOf((seed) =>
      createTransferSearch(space, { seed, all, scores: [opposite], doubter: cold(seed) }),
    );
    expect(alone).toBeLessThan(expected + 12);
    expect(inTurns).toBeLessThan(expected + 16);
  });

  it('says that such a source weighs nothing', async () => {
    const search = createTransferSearch(space, { seed: 1, all, scores: [opposite] });
    await trialsOf(search);
    expect(search.weights()).toEqual([0]);
  });
});
