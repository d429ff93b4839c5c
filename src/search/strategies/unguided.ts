import type { Sampler } from '../space/sampling.ts';
import { createStopwatch } from '../stopwatch.ts';
import type { Candidate, SearchStrategy } from '../strategy.ts';

const round = 16;

/** The frame of the searches that learn nothing: they take candidates from `next` until it has no more. */
export function createUnguidedSearch(
  name: string,
  { history, tally }: Pick<Sampler, 'history' | 'tally'>,
  next: () => Candidate | null,
): SearchStrategy {
  const stopwatch = createStopwatch();
  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    while (proposals.length < count) {
      const candidate = next();
      if (candidate === null) break;
      history.reserve(candidate);
      proposals.push(candidate);
    }
    return proposals;
  };

  return {
    name,
    round,
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) history.add(result);
    },
    tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
