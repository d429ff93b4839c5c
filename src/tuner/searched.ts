import type { RoundAccount } from '../records/record.ts';
import type { SketchSpace } from '../search/space/sketch-space.ts';
import type { Candidate, SearchStrategy } from '../search/strategy.ts';
import { decisionsByName } from '../space/recorded.ts';
import { instantiate } from '../space/sketch.ts';
import type { Proposal } from './attempts.ts';
import type { ModelName } from './events.ts';
import type { Reuse } from './retarget.ts';

/** The search that a candidate comes from. */
interface Searcher {
  readonly space: SketchSpace;
  readonly strategy: Pick<SearchStrategy, 'name'>;
  readonly modelName: ModelName;
}

type Searched = Proposal & { readonly candidate: Candidate };

/** A candidate of the search with its schedule. `account`: for the first of a round, what the search did before it. */
export function searched(
  candidate: Candidate,
  round: number,
  { space, strategy, modelName }: Searcher,
  account: RoundAccount | null = null,
): Searched {
  const sketch = space.sketches[candidate.sketch] as SketchSpace['sketches'][number];
  return {
    candidate,
    scheduled: instantiate(sketch, candidate.values),
    origin: 'search',
    sketch: sketch.name,
    decisions: decisionsByName(sketch, candidate.values),
    search: {
      ...{ name: strategy.name, model: modelName, round, score: finite(candidate.score) },
      ...account,
    },
  };
}

/** Schedules that were fast on other devices, and then those of near workloads, which are candidates of this space. */
export function transferProposals(
  options: Searcher & {
    readonly reuse: Pick<Reuse, 'schedules'>;
    readonly learning: { readonly neighbours: readonly { readonly candidate: Candidate }[] };
  },
): readonly Proposal[] {
  return [
    ...options.reuse.schedules.map(({ record: { sketch, decisions }, scheduled }) => ({
      ...{ scheduled, origin: 'transfer' as const, sketch, decisions, search: null },
    })),
    ...options.learning.neighbours.map(({ candidate }) => ({
      ...searched(candidate, 0, options),
      ...{ origin: 'transfer' as const, search: null },
    })),
  ];
}

function finite(score: number | null): number | null {
  return score !== null && Number.isFinite(score) ? score : null;
}
