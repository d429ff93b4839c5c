import { enumerateCandidates } from '../space/enumeration.ts';
import type { SearchSpace, SearchStrategy } from '../strategy.ts';
import { createBayesianSearch } from './bayesian.ts';
import { createBeamSearch } from './beam.ts';
import type { LearnedOptions } from './learned.ts';

/** Bayesian optimisation where the space can be enumerated, sequential construction where it cannot; the strategy's name says which it is. */
export function createAutoSearch(space: SearchSpace, options: LearnedOptions): SearchStrategy {
  const all = enumerateCandidates(space);
  return all === null ? createBeamSearch(space, options) : createBayesianSearch(space, { ...options, all });
}
