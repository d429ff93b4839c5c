import { createHistory } from '../history.ts';
import { countingPruners, walkCandidates } from '../space/walk.ts';
import type { SearchSpace, SearchStrategy } from '../strategy.ts';
import { createTally } from '../tally.ts';
import { createUnguidedSearch } from './unguided.ts';

/** Every legal candidate in the order of the sketches, decisions and options: exhaustive, and the same for every seed. */
export function createGridSearch(space: SearchSpace): SearchStrategy {
  const history = createHistory(space);
  const tally = createTally();
  const walk = walkCandidates(space, countingPruners(space, tally));
  return createUnguidedSearch('grid', { history, tally }, () => {
    for (;;) {
      const step = walk.next();
      if (step.done) return null;
      if (!history.has(step.value)) return step.value;
    }
  });
}
