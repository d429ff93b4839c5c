import { rankCorrelation } from '../statistics/rank-correlation.ts';

/** How well predictions of logarithms of times agree with what was measured. */
export interface Agreement {
  /** Spearman's, over all candidates. */
  readonly correlation: number;
  /** Of the tenth that is predicted to be fastest, the fraction that is among the fastest tenth. */
  readonly topDecile: number;
  /** Of the fastest tenth, the mean time of the predicted tenth over that of the true one. */
  readonly topTimes: number;
  /** Spread of the errors, as a standard deviation by the median of their amounts: of all, and of the half predicted fastest. */
  readonly error: number;
  readonly fastError: number;
}

export function agreementOf(predicted: ArrayLike<number>, logTimes: readonly number[]): Agreement {
  const all = logTimes.map((_, at) => at);
  const by = (values: ArrayLike<number>): number[] =>
    [...all].sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  const tenth = Math.max(1, Math.round(logTimes.length / 10));
  const [chosen, fastest] = [by(predicted), by(logTimes)];
  const top = new Set(fastest.slice(0, tenth));
  const errorOf = (at: number): number => (logTimes[at] as number) - (predicted[at] as number);
  const meanTime = (of: readonly number[]): number =>
    of.reduce((sum, at) => sum + Math.exp(logTimes[at] as number), 0) / of.length;
  return {
    correlation: rankCorrelation(Array.from(predicted), logTimes),
    topDecile: chosen.slice(0, tenth).filter((at) => top.has(at)).length / tenth,
    topTimes: meanTime(chosen.slice(0, tenth)) / meanTime(fastest.slice(0, tenth)),
    error: spreadOf(all.map(errorOf)),
    fastError: spreadOf(chosen.slice(0, Math.ceil(all.length / 2)).map(errorOf)),
  };
}

/** Standard deviation of a normal distribution whose amounts have the same median: a few gross errors do not count. */
function spreadOf(errors: readonly number[]): number {
  const amounts = errors.map(Math.abs).sort((a, b) => a - b);
  return 1.4826 * (amounts[amounts.length >> 1] as number);
}
