import { createRandom } from '../../support/random.ts';
import { createSampler } from '../space/sampling.ts';
import type { SearchSpace, SearchStrategy } from '../strategy.ts';
import { createUnguidedSearch } from './unguided.ts';

/** Legal candidates at random, none twice: the baseline every other strategy must beat. */
export function createRandomSearch(space: SearchSpace, seed: number): SearchStrategy {
  const sampler = createSampler(space, createRandom(seed).fork('random-search'));
  return createUnguidedSearch('random', sampler, () => sampler.unseen());
}
