/**
 * What a run reached: the fraction of the optimum after each trial (time of the fastest row over the best time found), 0 while everything
 * failed.
 */
export type Curve = readonly number[];

/** The first trial (from 1) after which the fraction is reached, or null. */
export function trialsTo(curve: Curve, fraction: number): number | null {
  const at = curve.findIndex((reached) => reached >= fraction);
  return at < 0 ? null : at + 1;
}

/** The fraction reached after a number of trials; a search that ended early keeps what it had. */
export function reachedAfter(curve: Curve, trials: number): number {
  return curve[Math.min(trials, curve.length) - 1] ?? 0;
}

/** Quantile by linear interpolation; an unreached target counts as infinitely many trials. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
