import type { ReferenceTimes } from '../../records/reference-names.ts';
import type { TimingBudget } from '../runner.ts';
import { type ClockReading, isUsableClock } from './clock.ts';
import { type Estimate, enoughCalm, estimateTime, isCalm, type PacedSample } from './estimate.ts';
import { sleepQuietly } from './quiet-wait.ts';
import { median, medianUncertainty } from './statistics.ts';

/** A candidate whose samples take this many times as long as the best is not sampled further. */
const farBehind = 3;
/** The very first run is cold: it counts by itself only when it is this far behind. */
const farBehindCold = 6;
/**
 * A busy machine may stop the device for this long within one pass. A candidate that would not be far behind without such a stop must be timed
 * again: otherwise a fast kernel that looked slow once is hidden for good.
 */
const longestStopNs = 1e9;
/** Passes that must agree on this: five short ones, which cost nothing beside a build and make a slow candidate's time repeatable; two long ones. */
const behindPasses = { most: 5, least: 2, enoughNs: 60e6 };
/** Half-width of the median's confidence interval, as a fraction of the median, above which the median says nothing. */
export const unstableUncertainty = 0.25;
/**
 * A candidate that takes this many times the best's time by scaled samples, which are up to 22% off, is slower whatever a quiet moment would
 * show: nothing is waited for (docs/decisions/032-seconds.md).
 */
const surelySlower = 1.3;
/** Rest before each sample beyond the budget: disturbances come in bursts, and samples of one burst are all alike. */
const restMs = 20;
/** Most dispatch sequences in one pass; encoding more costs more than the steadier time is worth. */
export const maxRepeats = 4096;
/** How often the number of repeats may be corrected upward. */
const maxCorrections = 3;
/** Wall time includes submission and mapping, so samples must be this many times as long. */
const wallSampleFactor = 4;

/** A timed pass, and what the references took just before and after it. */
export interface PacedReading extends ClockReading {
  /** See PacedSample; 1 where there are no references. */
  readonly slowdown: number;
  readonly references: ReferenceTimes | null;
}

export interface Samples {
  readonly samplesNs: readonly number[];
  /** What the references took beside each sample; null where there are none. */
  readonly references: readonly ReferenceTimes[] | null;
  /** Null without samples. */
  readonly estimate: Estimate | null;
  readonly clock: 'timestamp' | 'wall';
  readonly stoppedEarly: boolean;
  /** Uncertainty of the median where it is still above `unstableUncertainty`; null otherwise. */
  readonly unstableBy: number | null;
  /** Milliseconds the kernels ran by the clock, samples or not. */
  readonly kernelMs: number;
  /** Milliseconds in which nothing was timed because the machine was disturbed. */
  readonly waitedMs: number;
}

interface SamplingOptions {
  /** Runs of the kernels one pass can hold; 4096 when absent. */
  readonly mostRepeats?: number;
  /** Whether the device has a clock, so that a first run of 0 ns is one that was over within its step. */
  readonly hasClock?: boolean;
  /** Nanoseconds the device worked on the same kernels besides the first run; 0 when absent. */
  readonly warmedNs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly rest?: (milliseconds: number) => Promise<void>;
  /** Waits until the references say that the machine is quiet; false when there was no time left for it. Absent where there are no references. */
  readonly untilCalm?: () => Promise<boolean>;
}

/**
 * Times a candidate until its time on the quiet machine is known well enough or the budget is spent. `pass(repeats, expectedMs)` runs the whole
 * sequence of kernels that many times; `first` is the reading of one run already made.
 *
 * 1. Warm-up: passes do not count as samples until the device has worked for `warmUpMs`.
 * 2. A candidate far behind the best ends here.
 * 3. Samples, until the median's confidence interval is as narrow as `targetSpread`, or there are `maxSamples`, or `maxTotalMs` are over. After a
 *    disturbed sample it waits for a quiet moment: where there are samples of such moments, they alone make the time (`estimate.ts`).
 * 4. Where the median says nothing even then, `extraSamples` more within `extraMs`; a candidate that is unstable after these is reported so.
 *
 * Where the device's clock turns out useless, sampling starts again by the wall clock.
 */
export async function takeSamples(
  pass: (repeats: number, expectedMs: number) => Promise<PacedReading>,
  first: ClockReading,
  budget: TimingBudget,
  bestNs: number | null,
  {
    mostRepeats = maxRepeats,
    hasClock = false,
    warmedNs = 0,
    now = () => performance.now(),
    rest = sleepQuietly,
    untilCalm,
  }: SamplingOptions = {},
): Promise<Samples> {
  const begun = now();
  let waitedMs = 0;
  const elapsed = (): number => now() - begun - waitedMs;
  const readings: ClockReading[] = [first];
  const isTooShort = hasClock && first.deviceNs === 0;
  let clock: Samples['clock'] = isTooShort || isUsableClock(readings) ? 'timestamp' : 'wall';
  const timeOf = (reading: ClockReading): number => (clock === 'timestamp' ? reading.deviceNs : reading.wallNs);
  const repeatsFor = (runNs: number): number => {
    const wantedNs = budget.minSampleMs * 1e6 * (clock === 'wall' ? wallSampleFactor : 1);
    return Math.min(mostRepeats, Math.max(1, Math.ceil(wantedNs / Math.max(runNs, 1))));
  };
  let samples: Sample[] = [];
  const result = (kept: readonly Sample[], ending: Pick<Samples, 'stoppedEarly' | 'unstableBy'>): Samples => ({
    samplesNs: kept.map(({ ns }) => ns),
    references: referencesOf(kept),
    estimate: estimateTime(kept),
    clock,
    ...ending,
    kernelMs: readings.reduce((sum, reading) => sum + timeOf(reading), 0) / 1e6,
    waitedMs,
  });

  let isDisturbed = false;
  let isNear = true;
  let isPatient = untilCalm !== undefined;
  /** Whether it matters so much that a quiet moment is waited for. */
  const mayMatter = (sample: Sample): boolean =>
    bestNs === null || sample.ns / Math.max(1, sample.slowdown) <= surelySlower * bestNs;
  let behind: Sample[] = [];
  let behindNs = 0;
  let firstIsBehind = false;
  // A budget of fewer samples must not end before these passes have decided.
  const mostBehind = Math.min(behindPasses.most, budget.minSamples);
  const forget = (): void => {
    behind = [];
    behindNs = 0;
    firstIsBehind = false;
  };
  /** Whether a pass says, alone or with earlier ones, that a run takes more than `factor` times the best on the quiet machine. */
  const isHopeless = (runs: number, sample: Sample, factor: number): boolean => {
    const passNs = (sample.ns * runs) / Math.max(1, sample.slowdown);
    if (bestNs === null || passNs <= factor * bestNs * runs) {
      forget();
      return false;
    }
    behind.push(sample);
    behindNs += passNs;
    if (passNs - longestStopNs > factor * bestNs * runs) return true;
    const { least, enoughNs } = behindPasses;
    return behind.length >= mostBehind || (behind.length >= least && behindNs >= enoughNs);
  };

  let runNs = isTooShort ? first.wallNs : timeOf(first);
  let repeats = repeatsFor(runNs);
  let busyNs = runNs + warmedNs;
  const firstSample: Sample = { ns: runNs, slowdown: 1, references: null };
  if (repeats === 1 && isHopeless(1, firstSample, farBehindCold))
    return result(behind, { stoppedEarly: true, unstableBy: null });
  // The first run counts where the next pass says the same, but is then no sample: it may have been slow for being the first.
  firstIsBehind = behind.length > 0;

  for (let corrections = 0; ; ) {
    if (isDisturbed && isPatient && isNear && untilCalm !== undefined) {
      const since = now();
      isPatient = await untilCalm();
      waitedMs += now() - since;
    }
    const reading = await pass(repeats, (runNs * repeats) / 1e6);
    readings.push(reading);
    isDisturbed = !isCalm(reading);
    isNear = mayMatter({ ...reading, ns: timeOf(reading) / repeats });
    if (clock === 'timestamp' && !isUsableClock(readings)) {
      clock = 'wall';
      samples = [];
      forget();
      runNs = reading.wallNs / repeats;
      repeats = repeatsFor(runNs);
      continue;
    }
    runNs = timeOf(reading) / repeats;
    const sample: Sample = { ns: runNs, slowdown: reading.slowdown, references: reading.references };
    const isWarm = busyNs >= budget.warmUpMs * 1e6 || elapsed() >= budget.maxTotalMs;
    busyNs += timeOf(reading);
    const needed = repeatsFor(runNs);
    if (needed > 2 * repeats && corrections < maxCorrections) {
      // The first run was slower than the later ones, so this sample is too short.
      corrections++;
      samples = [];
      repeats = needed;
      continue;
    }
    // Only passes that are long enough decide: a short one is mostly its own start.
    const isAllBehind = behind.length >= samples.length;
    if ((samples.length < mostBehind || isAllBehind) && isHopeless(repeats, sample, farBehind))
      return result(firstIsBehind ? behind.slice(1) : behind, { stoppedEarly: true, unstableBy: null });
    if (!isWarm) continue;
    samples.push(sample);
    const calm = samples.filter(isCalm).length;
    const uncertainty = uncertaintyOf(samples);
    if (uncertainty !== null && uncertainty <= budget.targetSpread && calm >= budget.minSamples) break;
    if (samples.length >= budget.maxSamples || elapsed() >= budget.maxTotalMs) {
      const isMissingCalm = isPatient && isNear && calm < enoughCalm;
      if (!isMissingCalm && (uncertainty === null || uncertainty <= unstableUncertainty)) break;
      if (samples.length >= budget.maxSamples + budget.extraSamples) break;
      if (elapsed() >= budget.maxTotalMs + budget.extraMs) break;
      await rest(restMs);
    }
    runNs = median(samples.map(({ ns }) => ns)) ?? runNs;
  }
  const uncertainty = uncertaintyOf(samples);
  const isUnstable = uncertainty !== null && uncertainty > unstableUncertainty;
  return result(samples, { stoppedEarly: false, unstableBy: isUnstable ? uncertainty : null });
}

/** Fewer samples than this may agree by chance. */
const leastSure = 5;

interface Sample extends PacedSample {
  readonly references: ReferenceTimes | null;
}

/** Uncertainty of the samples that make the time: those of quiet moments, or all of them scaled. */
function uncertaintyOf(samples: readonly Sample[]): number | null {
  const calm = samples.filter(isCalm).map(({ ns }) => ns);
  if (calm.length >= enoughCalm) {
    const [middle, estimate] = [median(calm), estimateTime(samples)];
    // A disturbance within a pass only lengthens it: where references show all others, the time is as sure as the lower samples agree.
    if (samples.every(({ references }) => references !== null) && middle !== null && estimate !== null)
      return calm.length < leastSure ? null : (middle - estimate.lowNs) / 2 / estimate.timeNs;
    return medianUncertainty(calm);
  }
  return medianUncertainty(samples.map(({ ns, slowdown }) => ns / Math.max(1, slowdown)));
}

function referencesOf(samples: readonly Sample[]): readonly ReferenceTimes[] | null {
  const all = samples.flatMap(({ references }) => references ?? []);
  return all.length === samples.length ? all : null;
}
