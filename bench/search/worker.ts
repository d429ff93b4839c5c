/** A worker process of the search bench: plays the jobs it is sent, one after the other. */

import type { Job } from './job.ts';
import { costsWithout } from './left-out.ts';
import { play } from './play.ts';
import { type LoadedSpace, loadSpace } from './spaces.ts';
import { leftOut, strategies } from './strategies.ts';

const fitted = new Map<string, Promise<Float64Array>>();
const loaded = new Map<string, Promise<LoadedSpace>>();

process.on('message', async (job: Job) => {
  let space = loaded.get(job.space);
  if (space === undefined) {
    space = loadSpace(job.space);
    loaded.set(job.space, space);
  }
  const replayed = await space;
  const create = strategies.get(job.strategy);
  if (create === undefined) throw new Error(`no strategy ${job.strategy}`);
  let costs: Promise<Float64Array> | undefined;
  if (job.strategy.endsWith(leftOut)) {
    costs = fitted.get(job.space) ?? costsWithout(job.space);
    fitted.set(job.space, costs);
  }
  process.send?.(await play(job, replayed, create(replayed, job.seed, await costs)));
});
