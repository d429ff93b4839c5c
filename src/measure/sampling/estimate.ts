import { median, medianInterval, quantile } from './statistics.ts';

/** One sample of a candidate, and how much slower than when it is quiet the machine was in the same moments. */
export interface PacedSample {
  readonly ns: number;
  /** 1 where the machine is quiet, or where nothing tells how fast it is. */
  readonly slowdown: number;
}

/** What a kernel takes on the quiet machine, as far as samples tell. */
export interface Estimate {
  readonly timeNs: number;
  readonly lowNs: number;
  readonly highNs: number;
  /** Samples of quiet moments among all. 0: the time is scaled from disturbed ones. */
  readonly calm: number;
}

/**
 * A moment in which the references take at most this many times what they take at best is quiet. Their own noise is some 6%; half-speed windows,
 * time slices given to others and the like make it 1.5 and more.
 */
export const calmSlowdown = 1.15;
/** Quiet samples whose spread says how well the time is known; fewer make it too, but may all be of passes that were disturbed within. */
export const enoughCalm = 3;
/**
 * Of samples between two quiet moments some were disturbed all the same, which only ever makes them longer: of five, the lower quartile is known
 * three times as well as the median (docs/decisions/031-relative-times.md).
 */
const calmQuantile = 0.25;
/** How far the references' slowdown is from the candidate's, as measured: half of the times scaled by it are nearer. */
const scalingError = 0.09;

export function isCalm({ slowdown }: Pick<PacedSample, 'slowdown'>): boolean {
  return slowdown <= calmSlowdown;
}

/** Null without samples. */
export function estimateTime(samples: readonly PacedSample[]): Estimate | null {
  if (samples.length === 0) return null;
  const calm = samples.filter(isCalm).map(({ ns }) => ns);
  if (calm.length > 0) {
    const slack = calm.length < enoughCalm ? 1 + scalingError : 1;
    const highNs = medianInterval(calm)?.high ?? Math.max(...calm);
    const timeNs = quantile(calm, calmQuantile) as number;
    return { timeNs, lowNs: Math.min(...calm) / slack, highNs: highNs * slack, calm: calm.length };
  }
  const scaled = leastDisturbed(samples).map(({ ns, slowdown }) => ns / Math.max(1, slowdown));
  const timeNs = median(scaled) as number;
  const { low, high } = medianInterval(scaled) ?? { low: Math.min(...scaled), high: Math.max(...scaled) };
  return { timeNs, lowNs: low * (1 - scalingError), highNs: high * (1 + scalingError), calm: 0 };
}

/** Half of the samples, and at least as many as make a median. */
function leastDisturbed(samples: readonly PacedSample[]): readonly PacedSample[] {
  const count = Math.max(enoughCalm, Math.ceil(samples.length / 2));
  return [...samples].sort((a, b) => a.slowdown - b.slowdown).slice(0, count);
}
