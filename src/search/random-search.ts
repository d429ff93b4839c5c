import { createRandom } from '../support/random.ts';
import { createPool } from './pool.ts';
import { createStopwatch } from './stopwatch.ts';
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
  const stopwatch = createStopwatch();
  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    while (proposals.length < count) {
      const candidate = next();
      if (candidate === null) break;
      pool.history.reserve(candidate);
      proposals.push(candidate);
    }
    return proposals;
  };

  return {
    name,
    round: 16,
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) pool.history.add(result);
    },
    tally: pool.tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
