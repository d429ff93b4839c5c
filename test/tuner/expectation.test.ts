import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { programOf } from '../../src/tuner/build.ts';
import { expectTimes } from '../../src/tuner/expectation.ts';
import { margin } from '../../src/tuner/peaks.ts';

describe('the time of a run, before anything runs', () => {
  const program = programOf(makeWorkload('matmul', { shape: 'm=64,n=32,k=16' }));

  it('is at least that of its operations, or of its distinct bytes, at the peak', () => {
    const flops = 2 * 64 * 32 * 16;
    expect(expectTimes(program, { flopsPerNs: 2, bytesPerNs: 1e9, lanes: 1 }).leastNs).toBeCloseTo(flops / 2);
    const bytes = 4 * (64 * 16 + 16 * 32 + 64 * 32);
    expect(expectTimes(program, { flopsPerNs: 1e9, bytesPerNs: 2, lanes: 1 }).leastNs).toBeCloseTo(bytes / 2);
  });

  it('is for the naive schedule the time of two loads per operation, at the measured rate', () => {
    const { naiveNs } = expectTimes(program, { flopsPerNs: 1e9, bytesPerNs: margin, lanes: 1 });
    expect(naiveNs).toBeCloseTo(64 * 32 * 16 * 2 * 16);
  });
});
