import { describe, expect, it } from 'vitest';
import type { PacedSample } from '../../src/measure/sampling/estimate.ts';
import { race } from '../../src/measure/sampling/race.ts';
import { createRandom } from '../../src/support/random.ts';

/** Kernels of these times on a machine whose speed changes as `slowdownAt` says; the slowdown is known exactly. */
const track = (times: readonly number[], { noise = 0.01, slowdownAt = (_: number): number => 1, seed = 1 } = {}) => {
  const random = createRandom(seed);
  const taken = times.map(() => 0);
  let total = 0;
  return {
    taken,
    sample: async (index: number): Promise<PacedSample> => {
      (taken[index] as number)++;
      const slowdown = slowdownAt(total++);
      return { ns: (times[index] as number) * slowdown * (1 + noise * (2 * random.unit() - 1)), slowdown };
    },
  };
};
const never = (): boolean => false;

describe('race', () => {
  it('ends as soon as all but one are behind, and times those far behind the least', async () => {
    const { sample, taken } = track([130, 100, 400]);
    const { standings, decided } = await race(3, sample, never);
    expect(decided).toBe(true);
    expect(standings.map(({ place }) => place)).toEqual([2, 1, 3]);
    expect(taken[2]).toBe(3);
    expect(taken[1]).toBeLessThan(10);
  });

  it('gives the order of the contestants to kernels of one speed', async () => {
    for (const times of [
      [100, 100.2, 99.9],
      [99.9, 100.1, 100],
    ]) {
      const { standings, decided } = await race(3, track(times).sample, never);
      expect(decided).toBe(true);
      expect(standings.map(({ place }) => place)).toEqual([1, 2, 3]);
    }
  });

  it('finds the faster of two that differ by less than the machine moves, in 95 of 100 races', async () => {
    let right = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = createRandom(seed).fork('machine');
      let [slowdown, left] = [1, 0];
      const slowdownAt = (): number => {
        if (left-- <= 0) [slowdown, left] = [random.unit() < 0.5 ? 1 : 2, random.below(12)];
        return slowdown;
      };
      const { standings } = await race(2, track([103, 100], { slowdownAt, seed, noise: 0.02 }).sample, never);
      if (standings[1]?.place === 1) right++;
    }
    expect(right).toBeGreaterThanOrEqual(95);
  });

  it('says that it is not decided when its time is over before, and ranks by what it saw', async () => {
    const { sample, taken } = track([101, 100], { noise: 0.3 });
    let looks = 0;
    const { standings, decided } = await race(2, sample, () => ++looks > 6);
    expect(decided).toBe(false);
    expect(standings.every(({ samples }) => samples.length > 0)).toBe(true);
    expect(taken[0]).toBeLessThan(10);
  });

  it('of a single contestant is won by it', async () => {
    const { standings, decided } = await race(1, track([100]).sample, never);
    expect([decided, standings[0]?.place]).toEqual([true, 1]);
  });
});
