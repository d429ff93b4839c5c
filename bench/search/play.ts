import type { ReplayedSpace } from '../../src/search/space/replayed-space.ts';
import type { Candidate, SearchStrategy } from '../../src/search/strategy.ts';
import { hashJson } from '../../src/support/hash.ts';
import type { Job, Outcome } from './job.ts';

/** Plays one search on a replayed space. Ends early where the optimum is found or the space is used up. */
export async function play(job: Job, replayed: ReplayedSpace, strategy: SearchStrategy): Promise<Outcome> {
  const { space: _, timeOf, bestNs } = replayed;
  const curve: number[] = [];
  const decisions: Candidate[] = [];
  let reached = 0;
  while (curve.length < job.trials && reached < 1) {
    const proposals = strategy.propose(Math.min(job.batch ?? strategy.round, job.trials - curve.length));
    if (proposals.length === 0) break;
    const results = proposals.map((candidate) => ({ candidate, timeNs: timeOf(candidate) }));
    for (const { candidate, timeNs } of results) {
      if (timeNs !== null && bestNs !== null) reached = Math.max(reached, bestNs / timeNs);
      curve.push(reached);
      decisions.push(candidate);
    }
    if (curve.length < job.trials) await strategy.observe(results);
  }
  const { propose, fit } = strategy.spentMs;
  return {
    job,
    curve,
    decisions: hashJson(decisions.map(({ sketch, values }) => [sketch, values])),
    searchMs: propose + fit,
  };
}
