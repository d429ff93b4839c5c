import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { median } from '../../src/measure/sampling/statistics.ts';
import type { ReplayedSpace } from '../../src/search/recorded/replayed-space.ts';
import type { Candidate, SearchStrategy } from '../../src/search/strategy.ts';
import { hashJson } from '../../src/support/hash.ts';
import { createRandom } from '../../src/support/random.ts';
import { createHostTimer, createMadeHost, hostCourses } from '../../src/testing/made-host.ts';
import type { Job, MadeTimes, Outcome } from './job.ts';

/**
 * Plays one search on a replayed space. Ends early where the optimum is found or the space is used up. On a made host the search is told that
 * host's times; the curve is of the recorded times all the same.
 */
export async function play(job: Job, replayed: ReplayedSpace, strategy: SearchStrategy): Promise<Outcome> {
  const { space: _, timeOf, bestNs } = replayed;
  const curve: number[] = [];
  const decisions: Candidate[] = [];
  const shown = job.host === null ? null : madeTimes(job.host, job.seed);
  let reached = 0;
  while (curve.length < job.trials && reached < 1) {
    const proposals = strategy.propose(Math.min(job.batch ?? strategy.round, job.trials - curve.length));
    if (proposals.length === 0) break;
    const results: { candidate: Candidate; timeNs: number | null }[] = [];
    for (const candidate of proposals) {
      const timeNs = timeOf(candidate);
      results.push({ candidate, timeNs: timeNs === null || shown === null ? timeNs : await shown(timeNs) });
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

/** The times that kernels of known times show, one after the other, by the protocol of real devices. */
function madeTimes({ course, relative }: MadeTimes, seed: number): (quietNs: number) => Promise<number> {
  const host = createMadeHost(hostCourses[course], seed);
  const budget = defaultBudget('cpu');
  const timer = createHostTimer({ host, budget, seed, references: relative, quietWait: relative ? 2.5 : 0 });
  const random = createRandom(seed).fork('sensitivity');
  let bestNs: number | null = null;
  return async (quietNs) => {
    const samples = await timer.time(quietNs, 0.75 + 0.35 * random.unit(), bestNs);
    const seenNs = relative ? (samples.estimate?.timeNs ?? null) : median(samples.samplesNs);
    const timeNs = seenNs ?? quietNs;
    bestNs = Math.min(bestNs ?? timeNs, timeNs);
    return timeNs;
  };
}
