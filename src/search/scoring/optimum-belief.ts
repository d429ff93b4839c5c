/** A belief in where the optimum of a space lies. */
interface OptimumBelief {
  /** For each candidate, what the belief adds to the logarithm of its expected improvement. The same array all the time. */
  readonly bonus: Float32Array;
  /** After so many trials, with each source's share of the belief: they sum to one, or to zero where nothing is believed. */
  update(trials: number, shares: readonly number[]): void;
}

/** The first hundredth of an order is believed alike: which of the best comes first elsewhere says little here. */
const alike = 0.01;
/** How strong the belief is before the first trial, as an exponent; it wanes with the root of the trials. */
const strength = 2;

/**
 * What orders of the candidates elsewhere say of where the optimum lies: the chance that it stands at a place of a source's order falls with the place (as one over
 * it), and each source has a share of the belief. The expected improvement is multiplied by this chance, to a power that wanes as trials come
 * in, so that a search that is misled is soon like one that knows nothing (Hvarfner and others, piBO, 2022). `scores`: for each source one of each candidate,
 * higher is better.
 */
export function createOptimumBelief(scores: readonly Float32Array[]): OptimumBelief {
  const size = scores[0]?.length ?? 0;
  const chances = scores.map((score) => placesIn(score).map((place) => 1 / (place / size + alike)));
  const bonus = new Float32Array(size);
  return {
    bonus,
    update(trials, shares) {
      if (shares.every((share) => share === 0)) return void bonus.fill(0);
      const power = strength / Math.sqrt(trials + 1);
      for (let at = 0; at < size; at++) {
        let chance = 0;
        for (const [source, share] of shares.entries())
          chance += share * ((chances[source] as Float64Array)[at] as number);
        bonus[at] = power * Math.log(chance);
      }
    },
  };
}

/** Each one's place in the order from the highest score, from 0; equal scores share the mean of their places. */
function placesIn(scores: Float32Array): Float64Array {
  const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const places = new Float64Array(scores.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && scores[order[end] as number] === scores[order[begin] as number]) end++;
    for (let at = begin; at < end; at++) places[order[at] as number] = (begin + end - 1) / 2;
    begin = end;
  }
  return places;
}
