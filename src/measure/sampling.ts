import { type ClockReading, isUsableClock } from './clock.ts';
import type { TimingBudget } from './runner.ts';
import { median, medianUncertainty, quartileSpread } from './statistics.ts';

/** A first sample this many times behind the best is not worth a second one. */
export const farBehind = 3;
/** The very first run is cold: only when it alone is this far behind is it taken for a sample. */
export const farBehindCold = 6;
/** Quartile spread, as a fraction of the median, above which the median says nothing. Kernels of a few microseconds come close. */
export const unstableSpread = 0.8;
/** Dispatch sequences in one pass; encoding more costs more than it steadies. */
const maxRepeats = 4096;
/** How often the number of repeats may be corrected upward. */
const maxCorrections = 3;
/** Wall time has submission and mapping in it: samples must be this much longer. */
const wallSampleFactor = 4;

export interface Samples {
  readonly samplesNs: readonly number[];
  readonly clock: 'timestamp' | 'wall';
  readonly stoppedEarly: boolean;
  /** Quartile spread when it is above `unstableSpread`. */
  readonly unstableBy: number | null;
}

/**
 * Times a candidate until its median is known well enough or the budget is spent. `pass(repeats, expectedMs)` runs the whole
 * sequence of kernels that many times; `cold` is the reading of one run already made. Where the device's clock turns out
 * useless, sampling starts again by the wall's.
 */
export async function takeSamples(
  pass: (repeats: number, expectedMs: number) => Promise<ClockReading>,
  cold: ClockReading,
  budget: TimingBudget,
  bestNs: number | null,
): Promise<Samples> {
  const begun = performance.now();
  const readings: ClockReading[] = [cold];
  let clock: Samples['clock'] = isUsableClock(readings) ? 'timestamp' : 'wall';
  const timeOf = (reading: ClockReading): number => (clock === 'timestamp' ? reading.deviceNs : reading.wallNs);
  const repeatsFor = (runNs: number): number => {
    const wantedNs = budget.minSampleMs * 1e6 * (clock === 'wall' ? wallSampleFactor : 1);
    return Math.min(maxRepeats, Math.max(1, Math.ceil(wantedNs / Math.max(runNs, 1))));
  };
  const coldNs = timeOf(cold);
  let repeats = repeatsFor(coldNs);
  if (repeats === 1 && bestNs !== null && coldNs > farBehindCold * bestNs)
    return { samplesNs: [coldNs], clock, stoppedEarly: true, unstableBy: null };

  let runNs = coldNs;
  let corrections = 0;
  let samples: number[] = [];
  for (;;) {
    const reading = await pass(repeats, (runNs * repeats) / 1e6);
    readings.push(reading);
    if (clock === 'timestamp' && !isUsableClock(readings)) {
      clock = 'wall';
      samples = [];
      runNs = reading.wallNs / repeats;
      repeats = repeatsFor(runNs);
      continue;
    }
    runNs = timeOf(reading) / repeats;
    const needed = repeatsFor(runNs);
    if (needed > 2 * repeats && corrections < maxCorrections) {
      // The cold run was slower than the kernel is: this sample is too short.
      corrections++;
      samples = [];
      repeats = needed;
      continue;
    }
    samples.push(runNs);
    if (samples.length === 1 && bestNs !== null && runNs > farBehind * bestNs)
      return { samplesNs: samples, clock, stoppedEarly: true, unstableBy: null };
    if (samples.length >= budget.maxSamples || performance.now() - begun >= budget.maxTotalMs) break;
    const uncertainty = medianUncertainty(samples);
    if (samples.length >= budget.minSamples && uncertainty !== null && uncertainty <= budget.targetSpread) break;
    runNs = median(samples) ?? runNs;
  }
  const spread = quartileSpread(samples);
  return {
    samplesNs: samples,
    clock,
    stoppedEarly: false,
    unstableBy: spread !== null && spread > unstableSpread ? spread : null,
  };
}
