import { describe, expect, it } from 'vitest';
import { sourceWeights } from '../../../src/cost-model/source-weights.ts';
import { createBaseline, performanceScore } from '../../../src/tuner/transfer/performance.ts';

/** Mean best of all ways to draw `count` of the times; all failures count as the slowest. */
function byHand(times: readonly (number | null)[], count: number): number {
  const slowest = Math.max(...times.map((time) => time ?? 0));
  const bests: number[] = [];
  const draw = (from: number, best: number, left: number): void => {
    if (left === 0) bests.push(Number.isFinite(best) ? best : slowest);
    else for (let at = from; at <= times.length - left; at++) draw(at + 1, Math.min(best, times[at] ?? best), left - 1);
  };
  draw(0, Number.POSITIVE_INFINITY, count);
  return bests.reduce((sum, best) => sum + best, 0) / bests.length;
}

describe('the performance score', () => {
  const times = [9, 4, null, 7, 2, null, 5, 4];
  const baseline = createBaseline(times);

  it('is held against the expected course of drawing without repeats', () => {
    for (const draws of [1, 2, 3, 5, 8]) expect(baseline?.bestNs(draws)).toBeCloseTo(byHand(times, draws), 9);
    expect(baseline?.bestNs(2.5)).toBeCloseTo((byHand(times, 2) + byHand(times, 3)) / 2, 9);
    expect(createBaseline([null, null])).toBeNull();
  });

  it('is one for the optimum at once, and falls the later it comes', () => {
    if (baseline === null) throw new Error('there are times');
    const score = (trial: number): number => performanceScore([[trial, 1, trial]], baseline, 8, null);
    expect(score(1)).toBe(1);
    expect(score(2)).toBeLessThan(1);
    expect(score(4)).toBeLessThan(score(2));
    expect(score(8)).toBeLessThan(0);
    // In time it counts what the trials took, here half as long as a usual one.
    expect(performanceScore([[4, 1, 2]], baseline, 8, 1)).toBeGreaterThan(score(4));
  });
});

describe('the weights of sources', () => {
  const scores = [-2, -1, 0, -0.5, -1.5, -3, -0.2, -2.2];
  const proportional = scores.map((score) => 100 * Math.exp(-score));

  it('are equal while nothing is measured, and sum to one', () => {
    expect([...sourceWeights([[], []], [])]).toEqual([0.5, 0.5]);
  });

  it('go to the source that the measurements agree with', () => {
    const unlike = [-0.2, -2.2, -1.5, 0, -3, -0.5, -2, -1];
    const [right, wrong] = sourceWeights([scores, unlike], proportional) as unknown as [number, number];
    expect(right).toBeGreaterThan(0.8);
    expect(wrong).toBeLessThan(0.2);
  });

  it('fall to nothing where all sources contradict them', () => {
    const against = scores.map((score) => 100 * Math.exp(score));
    expect([...sourceWeights([scores], against)]).toEqual([0]);
  });
});
