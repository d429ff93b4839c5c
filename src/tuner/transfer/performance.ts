import type { CurveStep } from './run.ts';

/** What runs on a space are held against: drawing candidates at random, without repeats. */
export interface Baseline {
  /** Nanoseconds of the best of so many draws, on average; draws need not be a whole number. */
  readonly bestNs: (draws: number) => number;
  readonly optimumNs: number;
  /** Draws after which it has come 95% of the way from the median to the optimum. */
  readonly cutoff: number;
}

/** The share of the way from the median to the optimum at which the comparison ends, and the number of points at which it looks. */
const cutoffShare = 0.95;
const points = 50;

/**
 * The expected course of random search on a space (null: a failure). Of n draws from N rows the fastest is row k of the order with probability
 * C(N - k, n - 1) / C(N, n). Draws that all failed count as the slowest row. Null where all rows failed.
 */
export function createBaseline(timesNs: readonly (number | null)[]): Baseline | null {
  const sorted = timesNs.filter((time) => time !== null).sort((a, b) => a - b);
  const size = timesNs.length;
  const [optimumNs, slowestNs] = [sorted[0], sorted.at(-1)];
  if (optimumNs === undefined || slowestNs === undefined) return null;
  const known = new Map<number, number>();
  const atWhole = (draws: number): number => {
    const held = known.get(draws);
    if (held !== undefined) return held;
    let none = 1;
    let expected = 0;
    for (const [at, timeNs] of sorted.entries()) {
      const noneAfter = none * (1 - Math.min(1, draws / (size - at)));
      expected += timeNs * (none - noneAfter);
      none = noneAfter;
      if (none < 1e-12) break;
    }
    expected += none * slowestNs;
    known.set(draws, expected);
    return expected;
  };
  const bestNs = (draws: number): number => {
    const clamped = Math.min(size, Math.max(1, draws));
    const low = Math.floor(clamped);
    const part = clamped - low;
    return part === 0 ? atWhole(low) : (1 - part) * atWhole(low) + part * atWhole(low + 1);
  };
  const medianNs = sorted[sorted.length >> 1] as number;
  const goalNs = medianNs + cutoffShare * (optimumNs - medianNs);
  let [below, reached] = [0, size];
  while (reached - below > 1) {
    const middle = (below + reached) >> 1;
    if (atWhole(middle) <= goalNs) reached = middle;
    else below = middle;
  }
  return { bestNs, optimumNs, cutoff: reached };
}

/**
 * The performance score of Willemsen and others (A methodology for comparing optimization algorithms for auto-tuning, FGCS 2024): at points spread evenly over
 * the budget in which random search comes near the optimum, the part of random search's distance from the optimum that a run has saved; their mean. 1: the optimum at once, 0: as random
 * search, below 0: worse. A run without a result yet counts as one draw. `usualNs`: nanoseconds of a draw, for the score in time; null scores by evaluations.
 */
export function performanceScore(
  steps: readonly CurveStep[],
  { bestNs, optimumNs, cutoff }: Baseline,
  trials: number,
  usualNs: number | null,
): number {
  const budget = Math.min(cutoff, trials);
  let sum = 0;
  for (let point = 1; point <= points; point++) {
    const draws = Math.max(1, (budget * point) / points);
    let reached: number | null = null;
    for (const [trial, fraction, spentNs] of steps) {
      if (usualNs === null ? trial > draws : spentNs > draws * usualNs) break;
      reached = fraction;
    }
    const randomNs = bestNs(draws);
    const runNs = reached === null ? bestNs(1) : optimumNs / reached;
    // Where random search has the optimum itself there is nothing to save.
    sum += randomNs > optimumNs ? (randomNs - runNs) / (randomNs - optimumNs) : 1;
  }
  return sum / points;
}
