import { defaultBudget } from '../../src/measure/sampling/budget.ts';
import { median } from '../../src/measure/sampling/statistics.ts';
import { playSpace } from '../../src/search/recorded/play-space.ts';
import type { ReplayedSpace } from '../../src/search/recorded/replayed-space.ts';
import type { SearchStrategy } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';
import { createHostTimer, createMadeHost, hostCourses } from '../../src/testing/made-host.ts';
import type { Job, MadeTimes, Outcome } from './job.ts';

/** Plays one search on a replayed space; on a made host the search is told that host's times. */
export async function play(job: Job, replayed: ReplayedSpace, strategy: SearchStrategy): Promise<Outcome> {
  const { trials, batch, host } = job;
  const shown = host === null ? {} : { shown: madeTimes(host, job.seed) };
  const { curve, decisions, searchMs } = await playSpace(replayed, strategy, { trials, batch, ...shown });
  return { job, curve, decisions, searchMs };
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
