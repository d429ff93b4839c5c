import { describe, expect, it } from 'vitest';
import { defaultBudget } from '../../src/measure/budget.ts';
import { type ClockReading, isUsableClock } from '../../src/measure/clock.ts';
import { takeSamples } from '../../src/measure/sampling.ts';
import { median, medianUncertainty, quartileSpread } from '../../src/measure/statistics.ts';
import { createRandom } from '../../src/support/random.ts';

const budget = defaultBudget('cpu');
const reading = (deviceNs: number, wallNs = deviceNs + 100_000): ClockReading => ({ deviceNs, wallNs });

describe('statistics of samples', () => {
  it('knows medians and quartiles', () => {
    expect(median([])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quartileSpread([1, 2, 3])).toBeNull();
    expect(quartileSpread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3);
  });

  it('has no interval for four samples, the whole range for five, less for more', () => {
    expect(medianUncertainty([9, 10, 10, 11])).toBeNull();
    expect(medianUncertainty([8, 10, 10, 10, 12])).toBeCloseTo(0.2);
    expect(medianUncertainty([1, 9, 10, 10, 10, 10, 11, 99])).toBeCloseTo(0.1);
  });

  it('has an interval that holds the true median at least nine times in ten, also of a skewed distribution', () => {
    const random = createRandom(7);
    const truth = Math.log(2);
    let held = 0;
    for (let round = 0; round < 1000; round++) {
      const samples = Array.from({ length: 9 }, () => -Math.log(1 - random.unit())).sort((a, b) => a - b);
      // For nine samples the interval runs from the second to the eighth.
      const half = ((samples[7] as number) - (samples[1] as number)) / 2 / (samples[4] as number);
      expect(medianUncertainty(samples)).toBeCloseTo(half);
      if ((samples[1] as number) <= truth && truth <= (samples[7] as number)) held++;
    }
    expect(held).toBeGreaterThan(900);
  });
});

describe('isUsableClock', () => {
  it('takes a clock that agrees with the wall', () => {
    expect(isUsableClock([reading(5_000_123), reading(5_100_431), reading(4_900_007)])).toBe(true);
  });
  it.each([
    ['zero', [reading(0, 5e6)]],
    ['negative', [reading(-4, 5e6)]],
    ['faster than the wall', [reading(9e6, 5e6)]],
    ['in some other unit', [reading(5e4, 5e6), reading(5e5, 5e8), reading(5e5, 5e8)]],
    ['in steps of 65,536 ns', [reading(65_536), reading(131_072), reading(65_536)]],
  ])('refuses one that is %s', (_, readings) => {
    expect(isUsableClock(readings)).toBe(false);
  });
  it('takes one that is right although this process was stopped in some passes', () => {
    expect(isUsableClock([reading(1e6, 2e8)])).toBe(true);
    expect(isUsableClock([reading(1_000_123, 2e8), reading(1_000_431), reading(1_000_007, 2e8)])).toBe(true);
  });
});

describe('takeSamples', () => {
  /** A kernel that takes `runNs`, on a device with or without a clock. */
  const kernel = (runNs: number, clock = true) => {
    const calls: number[] = [];
    let tick = 0;
    const pass = async (repeats: number): Promise<ClockReading> => {
      calls.push(repeats);
      tick = (tick + 7) % 13;
      const ns = runNs * repeats + tick;
      return { deviceNs: clock ? ns : 0, wallNs: ns + 50_000 };
    };
    return { calls, pass };
  };

  it('fills a sample with as many runs as it needs, and stops when the median is known', async () => {
    const { calls, pass } = kernel(100_000);
    const samples = await takeSamples(pass, reading(100_000), budget, null);
    expect(samples).toMatchObject({ clock: 'timestamp', stoppedEarly: false, unstableBy: null });
    expect(samples.samplesNs).toHaveLength(budget.minSamples);
    expect(calls).toEqual(Array(budget.minSamples).fill(50));
    expect(median(samples.samplesNs)).toBeCloseTo(100_000, -1);
  });

  it('corrects the number of runs after a slow first one', async () => {
    const { calls, pass } = kernel(10_000);
    const samples = await takeSamples(pass, reading(4_000_000), budget, null);
    expect(calls[0]).toBe(2);
    expect(calls.slice(-budget.minSamples)).toEqual(Array(budget.minSamples).fill(calls.at(-1)));
    expect((calls.at(-1) ?? 0) * 10_000).toBeGreaterThan(4e6);
    expect(samples.samplesNs).toHaveLength(budget.minSamples);
  });

  it('does not sample on when it is far behind', async () => {
    const { calls, pass } = kernel(100_000);
    expect(await takeSamples(pass, reading(100_000), budget, 20_000)).toMatchObject({ stoppedEarly: true });
    expect(calls).toHaveLength(1);
    const slow = kernel(50e6);
    expect(await takeSamples(slow.pass, reading(50e6), budget, 1e6)).toMatchObject({
      stoppedEarly: true,
      samplesNs: [50e6],
    });
    expect(slow.calls).toEqual([]);
  });

  it('goes by the wall where the device has no clock, with longer samples', async () => {
    const { calls, pass } = kernel(100_000, false);
    const samples = await takeSamples(pass, { deviceNs: 0, wallNs: 150_000 }, budget, null);
    expect(samples.clock).toBe('wall');
    expect(calls.at(-1)).toBeGreaterThan(100);
  });

  it('finds out a clock of another unit after a sample or two, and begins again by the wall', async () => {
    const { calls, pass } = kernel(100_000);
    const ticks = async (repeats: number): Promise<ClockReading> => {
      const { deviceNs, wallNs } = await pass(repeats);
      return { deviceNs: deviceNs / 60, wallNs };
    };
    const samples = await takeSamples(ticks, { deviceNs: 100_000 / 60, wallNs: 150_000 }, budget, null);
    expect(samples).toMatchObject({ clock: 'wall', unstableBy: null });
    expect(median(samples.samplesNs)).toBeGreaterThan(100_000);
    // Those that were too long by the factor between the units are not the samples.
    expect(calls.filter((repeats) => repeats > 1000).length).toBeLessThanOrEqual(2);
  });

  it('calls a candidate unstable whose samples say nothing', async () => {
    let turn = 0;
    const pass = async (repeats: number): Promise<ClockReading> => {
      turn++;
      return reading(repeats * (turn % 2 === 0 ? 1_000_003 : 9_000_011));
    };
    const samples = await takeSamples(pass, reading(1_000_003), { ...budget, maxTotalMs: 1e6 }, null);
    expect(samples.samplesNs).toHaveLength(budget.maxSamples);
    expect(samples.unstableBy).toBeGreaterThan(0.8);
  });
});
