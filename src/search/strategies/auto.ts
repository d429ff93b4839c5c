import { enumerateCandidates } from '../space/enumeration.ts';
import type { SearchSpace, SearchStrategy } from '../strategy.ts';
import { createBayesianSearch } from './bayesian.ts';
import { createBeamSearch } from './beam.ts';
import type { GuidedOptions } from './model-guided.ts';

/** Bayesian optimisation where the space can be enumerated, sequential construction where it cannot; the strategy's name says which it is. */
export function createAutoSearch(space: SearchSpace, { seed, model }: GuidedOptions): SearchStrategy {
  const all = enumerateCandidates(space);
  return all === null ? createBeamSearch(space, { seed, model }) : createBayesianSearch(space, { seed, model, all });
}
