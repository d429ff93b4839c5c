import type { Candidate, SearchSpace, SearchStrategy } from '../strategy.ts';
import { createGuidedSearch, type GuidedOptions, ranked } from './model-guided.ts';

/** Candidates drawn to be ranked where the space is too large to rank whole. */
const drawn = 4096;

/** Plain model-guided sampling: fit on all, rank everything unseen, take the top. */
export function createRankSearch(space: SearchSpace, options: GuidedOptions): SearchStrategy {
  return createGuidedSearch('rank', space, options, (guide) =>
    ranked(guide, guide.sampler.all ?? draw(guide.sampler.any)),
  );
}

function draw(any: () => Candidate | null): Candidate[] {
  const found: Candidate[] = [];
  for (let i = 0; i < drawn; i++) {
    const candidate = any();
    if (candidate === null) break;
    found.push(candidate);
  }
  return found;
}
