import { describe, expect, it } from 'vitest';
import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { type ClockReading, isUsableClock } from '../../src/measure/sampling/clock.ts';
import { median, medianInterval, medianUncertainty, quartileSpread } from '../../src/measure/sampling/statistics.ts';
import { type PacedReading, takeSamples, unstableUncertainty } from '../../src/measure/sampling/take-samples.ts';
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
    expect(medianInterval([10, 8, 12, 10, 10])).toEqual({ low: 8, high: 12 });
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

describe('a clock that goes in steps of 65,536 ns', () => {
  const step = 65_536;
  const rounded = async (runNs: number) => {
    let nowMs = 0;
    let begun = 0;
    const pass = async (repeats: number): Promise<PacedReading> => {
      const ns = runNs * repeats;
      const deviceNs = (Math.floor((begun + ns) / step) - Math.floor(begun / step)) * step;
      begun += ns + 40_001;
      nowMs += (ns + 300_000) / 1e6;
      return { deviceNs, wallNs: ns + 300_000, slowdown: 1, references: null };
    };
    const first = await pass(1);
    return {
      first,
      samples: await takeSamples(pass, first, budget, null, { hasClock: true, now: () => nowMs, rest: async () => {} }),
    };
  };

  it.each([20_000, 70_000, 300_000, 9_000_000])(
    'times a kernel of %d ns by passes that are long enough for it',
    async (ns) => {
      const { samples } = await rounded(ns);
      expect(samples.clock).toBe('timestamp');
      expect(Math.abs((median(samples.samplesNs) as number) / ns - 1)).toBeLessThan(0.05);
    },
  );

  it('may show 0 for the first run, which a device without a clock does for all', async () => {
    const { first, samples } = await rounded(20_000);
    expect(first.deviceNs).toBe(0);
    expect(samples.clock).toBe('timestamp');
    const none = async (repeats: number): Promise<PacedReading> => ({
      ...{ deviceNs: 0, wallNs: 20_000 * repeats + 300_000, slowdown: 1, references: null },
    });
    expect((await takeSamples(none, await none(1), budget, null, { hasClock: true })).clock).toBe('wall');
  });
});

describe('takeSamples', () => {
  /** A device that runs a kernel; only its passes and rests make time go by. `timeOf(pass)` is the time of one run in ns; passes count from 1. */
  const device = (timeOf: (pass: number) => number, { clock = true, overheadNs = 50_000 } = {}) => {
    const calls: number[] = [];
    const rests: number[] = [];
    let nowMs = 0;
    const pass = async (repeats: number): Promise<PacedReading> => {
      calls.push(repeats);
      // Odd nanoseconds, since a clock with coarse ticks has a test of its own.
      const ns = Math.round(timeOf(calls.length)) * repeats + ((calls.length * 7) % 13);
      nowMs += (ns + overheadNs) / 1e6;
      return { deviceNs: clock ? ns : 0, wallNs: ns + overheadNs, slowdown: 1, references: null };
    };
    const options = {
      now: () => nowMs,
      rest: async (milliseconds: number) => {
        rests.push(milliseconds);
        nowMs += milliseconds;
      },
    };
    return { calls, rests, pass, options, elapsed: () => nowMs };
  };
  const steady = (runNs: number, clock = true) => device(() => runNs, { clock });

  it('fills a sample with as many runs as it needs, and stops when the median is known', async () => {
    const { calls, pass, options } = steady(100_000);
    const samples = await takeSamples(pass, reading(100_000), budget, null, options);
    expect(samples).toMatchObject({ clock: 'timestamp', stoppedEarly: false, unstableBy: null });
    expect(samples.samplesNs).toHaveLength(budget.minSamples);
    expect(new Set(calls)).toEqual(new Set([50]));
    expect(median(samples.samplesNs)).toBeCloseTo(100_000, -1);
    expect(samples.kernelMs).toBeCloseTo((calls.length * 50 + 1) * 0.1, 2);
  });

  it('takes no sample before the device is warm', async () => {
    // A clock frequency that rises: the first 20 ms are slower.
    const { calls, pass, options } = device((count) => (count <= 10 ? 200_000 - 10_000 * count : 100_000));
    const samples = await takeSamples(pass, reading(200_000), { ...budget, warmUpMs: 100 }, null, options);
    expect(calls.length).toBeGreaterThan(samples.samplesNs.length + 9);
    expect(Math.max(...samples.samplesNs)).toBeLessThan(101_000);
    // One run of a slow kernel is warm-up enough.
    const slow = steady(40e6);
    expect((await takeSamples(slow.pass, reading(40e6), budget, null, slow.options)).samplesNs).toHaveLength(
      slow.calls.length,
    );
  });

  it('corrects the number of runs after a slow first one', async () => {
    const { calls, pass, options } = steady(10_000);
    const samples = await takeSamples(pass, reading(4_000_000), budget, null, options);
    expect(calls[0]).toBe(2);
    expect(calls.slice(-budget.minSamples)).toEqual(Array(budget.minSamples).fill(calls.at(-1)));
    expect((calls.at(-1) ?? 0) * 10_000).toBeGreaterThan(4e6);
    expect(samples.samplesNs).toHaveLength(budget.minSamples);
  });

  it('does not sample on when it is far behind, which short samples must say five times and longer ones twice', async () => {
    const short = steady(100_000);
    const stopped = await takeSamples(short.pass, reading(100_000), budget, 20_000, short.options);
    expect(stopped.stoppedEarly).toBe(true);
    expect(stopped.samplesNs).toHaveLength(5);
    // Nor must it take more passes than the budget has samples.
    const ofThree = { ...budget, minSamples: 3, maxSamples: 3 };
    const again = steady(100_000);
    const few = await takeSamples(again.pass, reading(100_000), ofThree, 20_000, again.options);
    expect(few).toMatchObject({ stoppedEarly: true, samplesNs: { length: 3 } });
    const middling = steady(40e6);
    const twice = await takeSamples(middling.pass, reading(45e6), budget, 1e6, middling.options);
    // The first run counts for the verdict but is no sample.
    expect(twice).toMatchObject({ stoppedEarly: true, samplesNs: { length: 1 } });
    expect(twice.samplesNs[0]).toBeCloseTo(40e6, -2);
    const long = steady(3e9);
    expect(await takeSamples(long.pass, reading(3e9), budget, 1e6, long.options)).toMatchObject({
      stoppedEarly: true,
      samplesNs: [3e9],
    });
    expect(long.calls).toEqual([]);
  });

  it('does not take a fast kernel for a slow one because the machine stood still once', async () => {
    const { pass, options } = device((count) => (count === 1 ? 2_000_000 : 100_000));
    const samples = await takeSamples(pass, reading(100_000), budget, 100_000, options);
    expect(samples).toMatchObject({ stoppedEarly: false, unstableBy: null });
    expect(median(samples.samplesNs)).toBeCloseTo(100_000, -1);
    const first = steady(10e6);
    const slowFirst = await takeSamples(first.pass, reading(390e6), budget, 10e6, first.options);
    expect(slowFirst.stoppedEarly).toBe(false);
    expect(Math.max(...slowFirst.samplesNs)).toBeLessThan(11e6);
  });

  it('does not take a pass too short for the clock for a sign that a candidate is far behind', async () => {
    // Each pass begins with 2 ms in which no kernel runs.
    const kernelNs = 10_000;
    let repeatsNow = 1;
    const { calls, pass, options } = device(() => kernelNs + 2e6 / repeatsNow);
    const slowToBegin = (repeats: number): Promise<PacedReading> => {
      repeatsNow = repeats;
      return pass(repeats);
    };
    const long = { ...budget, minSampleMs: 50 };
    const samples = await takeSamples(slowToBegin, reading(4e6), long, kernelNs, options);
    expect(samples.stoppedEarly).toBe(false);
    expect(calls[0]).toBeLessThan(20);
    expect(median(samples.samplesNs)).toBeLessThan(2 * kernelNs);
  });

  it('goes by the wall where the device has no clock, with longer samples', async () => {
    const { calls, pass, options } = steady(100_000, false);
    const samples = await takeSamples(pass, { deviceNs: 0, wallNs: 150_000 }, budget, null, options);
    expect(samples.clock).toBe('wall');
    expect(calls.at(-1)).toBeGreaterThan(100);
  });

  it('finds out a clock of another unit after a sample or two, and begins again by the wall', async () => {
    const { calls, pass, options } = steady(100_000);
    const ticks = async (repeats: number): Promise<PacedReading> => {
      const reading = await pass(repeats);
      return { ...reading, deviceNs: reading.deviceNs / 60 };
    };
    const samples = await takeSamples(ticks, { deviceNs: 100_000 / 60, wallNs: 150_000 }, budget, null, options);
    expect(samples).toMatchObject({ clock: 'wall', unstableBy: null });
    expect(median(samples.samplesNs)).toBeGreaterThan(100_000);
    // The passes that were too long by the factor between the units are not among the samples.
    expect(calls.filter((repeats) => repeats > 1000).length).toBeLessThanOrEqual(2);
  });

  it('holds no more runs in a sample than there may be', async () => {
    const { calls, pass, options } = steady(10_000);
    await takeSamples(pass, reading(10_000), budget, null, { ...options, mostRepeats: 3 });
    expect(new Set(calls)).toEqual(new Set([3]));
  });

  it('calls a candidate unstable whose samples say nothing, after more samples with rests between', async () => {
    const { pass, rests, options } = device((count) => (count % 2 === 0 ? 1_000_003 : 9_000_011));
    const endless = { ...budget, maxTotalMs: 1e6, extraMs: 1e6 };
    const samples = await takeSamples(pass, reading(1_000_003), endless, null, options);
    expect(samples.samplesNs).toHaveLength(budget.maxSamples + budget.extraSamples);
    expect(samples.unstableBy).toBeGreaterThan(unstableUncertainty);
    expect(rests).toHaveLength(budget.extraSamples);
  });

  it('calls no candidate unstable where the disturbance passes while it samples on', async () => {
    const { pass, rests, options } = device((count) =>
      count <= budget.maxSamples && count % 2 === 0 ? 9_000_011 : 1_000_003,
    );
    const patient = { ...budget, maxTotalMs: 1e6, extraMs: 1e6 };
    const samples = await takeSamples(pass, reading(1_000_003), patient, null, options);
    expect(samples.unstableBy).toBeNull();
    expect(rests.length).toBeGreaterThan(0);
    expect(samples.samplesNs.length).toBeLessThan(budget.maxSamples + budget.extraSamples);
    expect(median(samples.samplesNs)).toBeCloseTo(1_000_003, -3);
  });

  it('is bounded in time, whatever the samples say', async () => {
    const { pass, options, elapsed } = device((count) => (count % 2 === 0 ? 50e6 : 150e6));
    await takeSamples(pass, reading(50e6), budget, null, options);
    expect(elapsed()).toBeLessThan(budget.maxTotalMs + budget.extraMs + 200);
  });
});
