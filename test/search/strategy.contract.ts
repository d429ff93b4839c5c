import { describe, expect, it } from 'vitest';
import { type SketchSpace, sketchSpace } from '../../src/search/space/sketch-space.ts';
import { candidateKey, type SearchSpace, type SearchStrategy } from '../../src/search/strategy.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { allLegal, runSearch, spaceOf, syntheticTime } from './spaces.ts';

const keysOf = (candidates: readonly { sketch: number; values: readonly number[] }[]): string[] =>
  candidates.map(candidateKey);

/** What every strategy promises, whatever it assumes about kernels. */
export function describeStrategyContract(
  name: string,
  create: (space: SearchSpace, seed: number) => SearchStrategy,
): void {
  describe(`${name} keeps the contract of a search`, () => {
    const space = spaceOf('matmul', 'm=64,n=48,k=32');
    const tiny = spaceOf('reduce_sum', 'rows=3,cols=5');
    const several = spaceOf('softmax', 'rows=8,cols=24');

    it('proposes as many as it is asked for, none twice, observed or not', async () => {
      const strategy = create(space, 1);
      const first = strategy.propose(12);
      const second = strategy.propose(5);
      await strategy.observe(first.map((candidate) => ({ candidate, timeNs: syntheticTime(space, candidate) })));
      const third = strategy.propose(12);
      expect([first.length, second.length, third.length]).toEqual([12, 5, 12]);
      expect(new Set(keysOf([...first, ...second, ...third])).size).toBe(29);
    });

    it('never proposes what was observed before it began', async () => {
      const legal = allLegal(tiny);
      const strategy = create(tiny, 1);
      const known = legal.filter((_, i) => i % 2 === 0);
      await strategy.observe(known.map((candidate) => ({ candidate: { ...candidate, score: null }, timeNs: 1000 })));
      const proposed = keysOf((await runSearch(tiny, strategy, 1000)).map(({ candidate }) => candidate));
      expect(proposed.sort()).toEqual(keysOf(legal.filter((_, i) => i % 2 === 1)).sort());
    });

    it('exhausts a small space wholly, then proposes nothing', async () => {
      const strategy = create(tiny, 3);
      const seen = keysOf((await runSearch(tiny, strategy, 1000)).map(({ candidate }) => candidate));
      expect(seen.length).toBeGreaterThan(10);
      expect(seen.sort()).toEqual(keysOf(allLegal(tiny)).sort());
      expect(strategy.propose(4)).toEqual([]);
    });

    it('proposes only what exact pruning accepts and the sketch can build', async () => {
      const found = await runSearch(several, create(several, 2), 48);
      expect(found.length).toBe(48);
      for (const { candidate } of found) {
        const sketch = several.sketches[candidate.sketch] as SketchSpace['sketches'][number];
        expect(candidate.values.every((value, i) => sketch.decisions[i]?.options.includes(value))).toBe(true);
        expect(sketch.createPruner().check(Float64Array.from(candidate.values))).toBeNull();
        expect(isRefusal(instantiate(sketch, candidate.values))).toBe(false);
      }
    });

    it('proposes the same, to the byte, for the same seed and the same observations, and something else for another seed', async () => {
      const trajectory = async (seed: number): Promise<string> =>
        JSON.stringify(await runSearch(space, create(space, seed), 32));
      const first = await trajectory(7);
      expect(await trajectory(7)).toBe(first);
      expect(await trajectory(8)).not.toBe(first);
    });

    it('comes to an end when every candidate fails', async () => {
      const found = await runSearch(tiny, create(tiny, 1), 1000, () => null);
      expect(keysOf(found.map(({ candidate }) => candidate)).length).toBe(allLegal(tiny).length);
    });

    it('takes candidates that another search proposed, and a second result of each', async () => {
      const strategy = create(space, 1);
      const own = create(space, 99).propose(3);
      await strategy.observe(own.map((candidate) => ({ candidate, timeNs: 500 })));
      await strategy.observe(own.map((candidate) => ({ candidate, timeNs: null })));
      const proposed = keysOf(strategy.propose(40));
      expect(proposed.filter((key) => keysOf(own).includes(key))).toEqual([]);
    });

    it('counts what exact pruning refused, and the time it took', async () => {
      const strategy = create(space, 1);
      await runSearch(space, strategy, 24);
      const { looked, byReason, byDepth } = strategy.tally;
      const refused = [...byReason.values()].reduce((sum, count) => sum + count, 0);
      expect(refused).toBeGreaterThan(0);
      expect(looked).toBeGreaterThan(refused);
      for (const [reason, depths] of byDepth) expect(depths.reduce((a, b) => a + b, 0)).toBe(byReason.get(reason));
      expect(strategy.spentMs.propose).toBeGreaterThan(0);
      expect(strategy.spentMs.fit).toBeGreaterThanOrEqual(0);
    });

    it('has nothing to propose where the limits allow nothing', () => {
      const { device, sketches } = space;
      const none = { ...device, limits: { ...device.limits, maxComputeWorkgroupsPerDimension: 0 } };
      expect(create(sketchSpace(sketches, none), 1).propose(4)).toEqual([]);
    });
  });
}
