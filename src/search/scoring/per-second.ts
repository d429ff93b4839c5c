import type { CostModel } from '../../cost-model/cost-model.ts';
import type { Candidate } from '../strategy.ts';

/** The natural logarithm of the seconds that a candidate's trial is expected to take. It is asked of few candidates: the answer needs their kernels. */
export type LogSeconds = (candidate: Candidate) => number;

/** Candidates of which the seconds are asked before one is chosen: those that promise most without them. */
export const shortlist = 12;

/**
 * How much faster a candidate must promise to be for a trial that takes e times as long, as a logarithm. Scores do not say how sure they are; where
 * they are right to within 30%, this is what expected improvement per second amounts to near the best.
 */
const thrift = 0.2;

/** What a logarithm of seconds takes from a model's score. */
export function priceOf({ step = 1 }: CostModel): number {
  return thrift * step;
}

/** The positions of the highest values, at most so many, highest first. `isFree` is asked only of positions that would be among them. */
export function highest(
  count: number,
  most: number,
  promise: (at: number) => number,
  isFree: (at: number) => boolean,
): { readonly at: number; readonly value: number }[] {
  const found: { readonly at: number; readonly value: number }[] = [];
  for (let at = 0; at < count; at++) {
    const value = promise(at);
    const last = found[most - 1];
    if ((last !== undefined && value <= last.value) || !isFree(at)) continue;
    let place = found.length;
    while (place > 0 && (found[place - 1] as { value: number }).value < value) place--;
    found.splice(place, 0, { at, value });
    if (found.length > most) found.pop();
  }
  return found;
}

/** The position of the most promising candidate for its seconds; the highest value where no seconds are known. Null where none is free. */
export function choosePerSecond(
  candidates: readonly Candidate[],
  promise: (at: number) => number,
  isFree: (at: number) => boolean,
  logSeconds: LogSeconds | undefined,
  price = 1,
): number | null {
  const listed = highest(candidates.length, logSeconds === undefined ? 1 : shortlist, promise, isFree);
  let best: number | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const { at, value } of listed) {
    const gain = logSeconds === undefined ? value : value - price * logSeconds(candidates[at] as Candidate);
    if (best !== null && gain <= most) continue;
    best = at;
    most = gain;
  }
  return best;
}
