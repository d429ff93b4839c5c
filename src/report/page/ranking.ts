/** Times closer than this, relative to the higher, are equal: measurements are no more exact. */
const equal = 0.02;

/** Fraction of the pairs with different labels that scores put in the right order, equal scores counting half, and how many pairs; null without any. */
export function pairsInOrder(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): { readonly fraction: number | null; readonly pairs: number } {
  let right = 0;
  let pairs = 0;
  for (let a = 0; a < labels.length; a++) {
    for (let b = a + 1; b < labels.length; b++) {
      const [one, other] = [labels[a] as number, labels[b] as number];
      if (Math.abs(one - other) <= equal * Math.max(one, other)) continue;
      pairs++;
      const ahead = ((scores[a] as number) - (scores[b] as number)) * (one - other);
      right += ahead > 0 ? 1 : ahead === 0 ? 0.5 : 0;
    }
  }
  return { fraction: pairs === 0 ? null : right / pairs, pairs };
}

/** Places of the `k` highest numbers, the highest first. */
export function topOf(by: ArrayLike<number>, k: number): readonly number[] {
  return Array.from(by, (_, item) => item)
    .sort((a, b) => (by[b] as number) - (by[a] as number) || a - b)
    .slice(0, k);
}

/** Of the `k` best by label, the fraction among the `k` best by score; null where there are not more than `k`. */
export function recallOf(k: number, scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  if (labels.length <= k) return null;
  const chosen = new Set(topOf(scores, k));
  return topOf(labels, k).filter((item) => chosen.has(item)).length / k;
}
