import { describe, expect, it } from 'vitest';
import { createBuildCost } from '../../src/cost-model/build-cost.ts';

describe('the cost of a build', () => {
  it('grows faster than the accesses of a kernel, and adds up over kernels', () => {
    const cost = createBuildCost('cpu');
    expect(cost.expectedMs([200])).toBeGreaterThan(2 * cost.expectedMs([100]));
    expect(cost.expectedMs([100, 100])).toBeCloseTo(2 * cost.expectedMs([100]));
    expect(cost.expectedMs([])).toBe(0);
  });

  it('is what measured builds of the device say, once there are enough of them', () => {
    const cost = createBuildCost('gpu');
    const before = cost.expectedMs([100]);
    cost.see([100], 20 * before);
    expect(cost.expectedMs([100])).toBe(before);
    for (let build = 0; build < 8; build++)
      cost.see([50 + build], 20 * createBuildCost('gpu').expectedMs([50 + build]));
    expect(cost.expectedMs([100])).toBeCloseTo(20 * before);
  });

  it('is not misled by some builds that were in a cache', () => {
    const cost = createBuildCost('cpu');
    const before = cost.expectedMs([100]);
    for (let build = 0; build < 12; build++) cost.see([100], build % 3 === 0 ? 1 : before);
    expect(cost.expectedMs([100])).toBeCloseTo(before);
  });

  it('takes in nothing that is no build', () => {
    const cost = createBuildCost('cpu');
    const before = cost.expectedMs([10]);
    for (const ms of [0, Number.NaN, -1]) for (let time = 0; time < 9; time++) cost.see([10], ms);
    for (let time = 0; time < 9; time++) cost.see([], 5000);
    expect(cost.expectedMs([10])).toBe(before);
  });
});
