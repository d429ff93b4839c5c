import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { createGuidedSearch, type Guide, type GuidedOptions, ranked } from './model-guided.ts';

/** MetaSchedule's defaults (search_strategy/evolutionary_search.py). */
const population = 512;
const measuredShare = 0.2;
const generations = 4;
const mutationChance = 0.85;

/**
 * Evolution on the model's score, as MetaSchedule does: a population of the best measured and of random candidates; in each generation
 * parents are drawn with a chance that grows with their score and mostly mutated in one decision; the best that were met
 * and not measured come next.
 */
export function createEvolutionSearch(space: SearchSpace, options: GuidedOptions): SearchStrategy {
  return createGuidedSearch('evolution', space, options, evolve);
}

function evolve(guide: Guide): Candidate[] {
  const { sampler, random, scorer } = guide;
  let living: Candidate[] = [...sampler.history.fastest(Math.floor(population * measuredShare))];
  while (living.length < population) {
    const candidate = sampler.any();
    if (candidate === null) break;
    living.push(candidate);
  }
  const met = new Map<string, Candidate>();
  for (let generation = 0; ; generation++) {
    for (const candidate of living) met.set(candidateKey(candidate), candidate);
    if (generation === generations || living.length === 0) break;
    const parent = wheel(scorer.scores(living));
    living = living.map(() => {
      const chosen = living[parent(random.unit())] as Candidate;
      return random.unit() < mutationChance ? (sampler.mutated(chosen) ?? chosen) : chosen;
    });
  }
  return ranked(guide, [...met.values()]);
}

/** Draws positions with a chance proportional to the score above the lowest. */
function wheel(scores: Float32Array): (unit: number) => number {
  const least = scores.reduce((low, score) => Math.min(low, score), Number.POSITIVE_INFINITY);
  let total = 0;
  // Every candidate gets a little, so that equal scores mean equal chances.
  const upTo = Float64Array.from(scores, (score) => (total += score - least + 1e-6));
  return (unit) => {
    const wanted = unit * total;
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] as number) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
