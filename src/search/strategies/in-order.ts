import { createHistory } from '../history.ts';
import type { Candidate, SearchSpace, SearchStrategy } from '../strategy.ts';
import { createTally } from '../tally.ts';
import { createUnguidedSearch } from './unguided.ts';

/** Takes candidates in the order given, and ends with the last one. */
export function createOrderedSearch(name: string, space: SearchSpace, order: readonly Candidate[]): SearchStrategy {
  const history = createHistory(space);
  let next = 0;
  return createUnguidedSearch(name, { history, tally: createTally() }, () => {
    while (next < order.length && history.has(order[next] as Candidate)) next++;
    return order[next] ?? null;
  });
}
