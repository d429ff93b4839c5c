/** How well scores rank, against labels where higher is better. Arrays of the same length, one entry per item. */

import { pairsInOrder, recallOf, topOf } from '../../src/report/page/ranking.ts';

/** Fraction of the pairs with different labels that scores put in the right order; equal scores count half. NaN where there is no such pair. */
export function pairwiseAccuracy(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return pairsInOrder(scores, labels).fraction ?? Number.NaN;
}

/** Of the `k` best by label, the fraction among the `k` best by score. NaN where there are not more than `k`. */
export function recallAt(k: number, scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return recallOf(k, scores, labels) ?? Number.NaN;
}

/** The best label among the `k` best by score, relative to the best there is: what trying `k` of them finds. */
export function topShare(k: number, scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const best = Math.max(...Array.from(labels));
  return Math.max(...topOf(scores, k).map((item) => labels[item] as number)) / best;
}

export const recallSize = 10;

/** What the bench asks of a ranking. */
export const measures = ['pairwise', `recall@${recallSize}`, 'top-1', 'top-5'] as const;
export type Figures = readonly number[];

/** One figure per measure, in their order. */
export function figuresOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Figures {
  return [
    pairwiseAccuracy(scores, labels),
    recallAt(recallSize, scores, labels),
    topShare(1, scores, labels),
    topShare(5, scores, labels),
  ];
}

/** Mean of the values that are not NaN; NaN where there are none. */
export function meanOf(values: readonly number[]): number {
  const there = values.filter((value) => !Number.isNaN(value));
  return there.reduce((sum, value) => sum + value, 0) / there.length;
}
