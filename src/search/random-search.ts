import { createRandom } from '../support/random.ts';
import { createPool } from './pool.ts';
import type { Candidate, SearchSpace, SearchStrategy } from './strategy.ts';

/** Legal candidates at random, none twice: the baseline every other strategy must beat. */
export function createRandomSearch(space: SearchSpace, seed: number): SearchStrategy {
  const pool = createPool(space, createRandom(seed).fork('random-search'));
  return createPlainSearch('random', pool, () => pool.unseen());
}

/** A search that learns nothing: takes what `next` hands out until there is no more. */
export function createPlainSearch(
  name: string,
  pool: Pick<ReturnType<typeof createPool>, 'history' | 'tally'>,
  next: () => Candidate | null,
): SearchStrategy {
  let proposeMs = 0;
  return {
    name,
    round: 16,
    propose(count) {
      const started = performance.now();
      const proposals: Candidate[] = [];
      while (proposals.length < count) {
        const candidate = next();
        if (candidate === null) break;
        pool.history.reserve(candidate);
        proposals.push(candidate);
      }
      proposeMs += performance.now() - started;
      return proposals;
    },
    async observe(results) {
      for (const result of results) pool.history.add(result);
    },
    tally: pool.tally,
    get spentMs() {
      return { propose: proposeMs, fit: 0 };
    },
  };
}
