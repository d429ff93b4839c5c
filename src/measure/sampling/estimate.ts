import { medianInterval, quantile } from './statistics.ts';

/** One sample of a candidate, and how many times slower than when quiet the machine was in the same moments. */
export interface PacedSample {
  readonly ns: number;
  /** 1 where the machine is quiet, or where nothing tells how fast it is. */
  readonly slowdown: number;
}

/** A kernel's time on the quiet machine, as far as its samples tell. */
export interface Estimate {
  readonly timeNs: number;
  readonly lowNs: number;
  readonly highNs: number;
  /** How many samples are of quiet moments. 0: the time is scaled from disturbed samples. */
  readonly calm: number;
}

/**
 * A moment is quiet where the references take at most this many times their best time. Their own noise is some 6%; half-speed windows,
 * time slices given to other processes and the like make the factor 1.5 and more.
 */
export const calmSlowdown = 1.15;
/** Number of quiet samples whose spread says how well the time is known; fewer give a time too, but all may have been disturbed midway. */
export const enoughCalm = 3;
/**
 * Some samples between two quiet moments were disturbed all the same, which can only make them longer. Of five samples, the lower quartile is
 * known three times as well as the median (docs/decisions/031-relative-times.md).
 */
const calmQuantile = 0.25;
/** How far one or two quiet samples may be off: the machine may have been disturbed midway. */
const fewCalmError = 0.09;
/**
 * Without quiet moments, the least disturbed tenth of the samples is compared with that of the references, each on its own: a reference takes less
 * than a millisecond, so that a short disturbance lengthens it many times or not at all, and says little of the sample beside it.
 */
const leastDisturbed = 0.1;
/** Where hardly any reference was faster, most of their slowdown was not the kernel's: half speed is the most that lasts (docs/decisions/031). */
const mostLasting = 2;
/** Half of the times that are scaled are nearer than this. */
const scalingError = 0.2;

export function isCalm({ slowdown }: Pick<PacedSample, 'slowdown'>): boolean {
  return slowdown <= calmSlowdown;
}

/** Null without samples. */
export function estimateTime(samples: readonly PacedSample[]): Estimate | null {
  if (samples.length === 0) return null;
  const calm = samples.filter(isCalm).map(({ ns }) => ns);
  if (calm.length > 0) {
    const slack = calm.length < enoughCalm ? 1 + fewCalmError : 1;
    const highNs = medianInterval(calm)?.high ?? Math.max(...calm);
    const timeNs = quantile(calm, calmQuantile) as number;
    return { timeNs, lowNs: Math.min(...calm) / slack, highNs: highNs * slack, calm: calm.length };
  }
  const times = quantile(
    samples.map(({ ns }) => ns),
    leastDisturbed,
  ) as number;
  const slowdown = quantile(
    samples.map((sample) => sample.slowdown),
    leastDisturbed,
  ) as number;
  const timeNs = times / Math.min(mostLasting, Math.max(1, slowdown));
  return { timeNs, lowNs: timeNs / (1 + scalingError), highNs: timeNs * (1 + scalingError), calm: 0 };
}
