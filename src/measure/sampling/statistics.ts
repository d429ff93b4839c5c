/** Confidence of the median's interval. With five samples their whole range reaches it (0.9375). */
const confidence = 0.9;

/** Median of a non-empty list, or null. */
export function median(samples: readonly number[]): number | null {
  return quantile(samples, 0.5);
}

/** (Q3 - Q1) / median, or null with fewer than four samples. */
export function quartileSpread(samples: readonly number[]): number | null {
  if (samples.length < 4) return null;
  const [low, middle, high] = [quantile(samples, 0.25), quantile(samples, 0.5), quantile(samples, 0.75)];
  return low === null || high === null || middle === null || middle <= 0 ? null : (high - low) / middle;
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
export function quantile(samples: readonly number[], fraction: number): number | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}

/**
 * Confidence interval of the median, or null while there are too few samples for any. Distribution free: with n samples the interval
 * between the k-th smallest and the k-th largest misses the median with probability 2 P(Binomial(n, 1/2) < k), however the times
 * are distributed.
 */
export function medianInterval(samples: readonly number[]): { readonly low: number; readonly high: number } | null {
  const rank = intervalRank(samples.length);
  if (rank === null) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  return { low: sorted[rank - 1] as number, high: sorted[sorted.length - rank] as number };
}

/** Half the width of the median's confidence interval as a fraction of the median; null where there is none. */
export function medianUncertainty(samples: readonly number[]): number | null {
  const middle = median(samples);
  const interval = medianInterval(samples);
  if (middle === null || middle <= 0 || interval === null) return null;
  return (interval.high - interval.low) / 2 / middle;
}

/** Largest k whose interval still has the confidence; null when not even the whole range has. */
function intervalRank(count: number): number | null {
  let miss = 0;
  let term = 0.5 ** count;
  let rank: number | null = null;
  for (let k = 1; k <= count / 2; k++) {
    miss += 2 * term;
    if (miss > 1 - confidence) break;
    rank = k;
    term = (term * (count - k + 1)) / k;
  }
  return rank;
}

/** Of positive numbers; NaN of none. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
