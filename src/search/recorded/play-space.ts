import { hashJson } from '../../support/hash.ts';
import type { Candidate, Observation, SearchStrategy } from '../strategy.ts';
import type { Curve } from './curve.ts';
import type { ReplayedSpace } from './replayed-space.ts';

interface PlayOptions {
  readonly trials: number;
  /** Trials of a round; what the strategy wants when null. */
  readonly batch?: number | null;
  /** What the search is told of a recorded time; the curve is of the recorded times all the same. */
  readonly shown?: (timeNs: number) => Promise<number>;
}

/** How a search on a recorded space went. */
interface Played {
  readonly curve: Curve;
  /** The candidates in the order of their trials. */
  readonly trials: readonly Candidate[];
  /** Hash of the decisions in order: equal seeds must give equal hashes on any number of workers. */
  readonly decisions: string;
  /** Milliseconds in the search itself, learning included. */
  readonly searchMs: number;
}

/** Plays one search on a replayed space. Ends early where the optimum is found, the space is used up, or the strategy has no more to propose. */
export async function playSpace(
  { timeOf, bestNs }: Pick<ReplayedSpace, 'timeOf' | 'bestNs'>,
  strategy: SearchStrategy,
  { trials, batch = null, shown }: PlayOptions,
): Promise<Played> {
  const curve: number[] = [];
  const played: Candidate[] = [];
  let reached = 0;
  while (curve.length < trials && reached < 1) {
    const proposals = strategy.propose(Math.min(batch ?? strategy.round, trials - curve.length));
    if (proposals.length === 0) break;
    const results: Observation[] = [];
    for (const candidate of proposals) {
      const timeNs = timeOf(candidate);
      results.push({ candidate, timeNs: timeNs === null || shown === undefined ? timeNs : await shown(timeNs) });
      if (timeNs !== null && bestNs !== null) reached = Math.max(reached, bestNs / timeNs);
      curve.push(reached);
      played.push(candidate);
    }
    if (curve.length < trials) await strategy.observe(results);
  }
  const { propose, fit } = strategy.spentMs;
  return {
    curve,
    trials: played,
    decisions: hashJson(played.map(({ sketch, values }) => [sketch, values])),
    searchMs: propose + fit,
  };
}
