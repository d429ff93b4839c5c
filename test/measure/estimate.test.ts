import { describe, expect, it } from 'vitest';
import { calmSlowdown, estimateTime, type PacedSample } from '../../src/measure/sampling/estimate.ts';

const calm = (ns: number): PacedSample => ({ ns, slowdown: 1.02 });
const disturbed = (ns: number, slowdown: number): PacedSample => ({ ns, slowdown });

describe('estimateTime', () => {
  it('knows nothing without samples', () => {
    expect(estimateTime([])).toBeNull();
  });

  it('goes by the quiet moments alone, however many others there are', () => {
    const quiet = [100, 101, 102, 100, 101].map(calm);
    const rest = Array.from({ length: 30 }, (_, at) => disturbed(170 + at, 1.9));
    const estimate = estimateTime([...rest, ...quiet]);
    expect(estimate).toMatchObject({ calm: 5, lowNs: 100 });
    expect(estimate?.timeNs).toBeGreaterThanOrEqual(100);
    expect(estimate?.timeNs).toBeLessThanOrEqual(101);
    expect(estimate?.highNs).toBeLessThanOrEqual(102);
  });

  it('is not misled by one sample in three that was disturbed between two quiet moments', () => {
    expect(estimateTime([100, 101, 160, 100, 190, 102].map(calm))?.timeNs).toBeLessThan(102);
  });

  it('scales by the references where there are no quiet moments, with an interval that says how little that tells', () => {
    const samples = [1.5, 2, 3, 2, 1.6].map((slowdown) => disturbed(100 * slowdown, slowdown));
    expect(samples.filter(({ slowdown }) => slowdown <= calmSlowdown)).toHaveLength(0);
    const estimate = estimateTime(samples);
    expect(estimate?.calm).toBe(0);
    expect(estimate?.timeNs).toBeCloseTo(100, -1);
    expect(estimate?.lowNs).toBeLessThan(95);
    expect(estimate?.highNs).toBeGreaterThan(105);
  });

  it('takes short references that a disturbance met whole for no measure of the sample beside them', () => {
    const samples = [1.1, 1.3, 1, 1.2].map((factor, at) => disturbed(100 * factor, [9, 17, 4, 1.3][at] as number));
    expect(estimateTime(samples)?.timeNs).toBeGreaterThan(50);
    expect(estimateTime([disturbed(1_159_325, 12.7)])?.timeNs).toBeGreaterThan(500_000);
  });

  it('takes a single quiet moment for better than many scaled ones, and says that it may be wrong', () => {
    const estimate = estimateTime([calm(100), ...[1.5, 2, 3].map((slowdown) => disturbed(110 * slowdown, slowdown))]);
    expect(estimate).toMatchObject({ timeNs: 100, calm: 1 });
    expect((estimate?.highNs ?? 0) - (estimate?.lowNs ?? 0)).toBeGreaterThan(15);
  });

  it('never makes a time longer because the references happened to be fast', () => {
    expect(estimateTime([disturbed(100, 0.8)])?.timeNs).toBe(100);
  });
});
