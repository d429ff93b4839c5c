import { rankCorrelation } from '../statistics/rank-correlation.ts';

/** How well two series of measurements of the same things agree. */
export interface Agreement {
  /** Rank correlation (Spearman), ties with their mean rank. */
  readonly spearman: number;
  /** |a - b| over the mean of both, as fractions: the median, and the value at the nearest rank to nine in ten. */
  readonly medianDifference: number;
  readonly p90Difference: number;
  /** Median of b / a: not 1 where the machine as a whole became slower or faster. */
  readonly medianRatio: number;
}

export function agreementOf(pairs: readonly (readonly [number, number])[]): Agreement {
  const differences = pairs.map(([a, b]) => Math.abs(a - b) / ((a + b) / 2));
  return {
    spearman: rankCorrelation(
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
    ),
    medianDifference: quantile(differences, 0.5),
    p90Difference: quantile(differences, 0.9),
    medianRatio: quantile(
      pairs.map(([a, b]) => b / a),
      0.5,
    ),
  };
}

export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  return low + ((sorted[Math.ceil(place)] as number) - low) * (place % 1);
}
