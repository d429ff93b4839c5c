/** A worker process of the search bench: plays the jobs it is sent, one after the other. */
import type { ReplayedSpace } from '../../src/testing/recorded/replayed-space.ts';
import type { Job } from './job.ts';
import { play } from './play.ts';
import { loadSpace } from './spaces.ts';
import { strategies } from './strategies.ts';

const loaded = new Map<string, Promise<ReplayedSpace>>();

process.on('message', async (job: Job) => {
  let space = loaded.get(job.space);
  if (space === undefined) {
    space = loadSpace(job.space);
    loaded.set(job.space, space);
  }
  const replayed = await space;
  const create = strategies.get(job.strategy);
  if (create === undefined) throw new Error(`no strategy ${job.strategy}`);
  process.send?.(await play(job, replayed, create(replayed.space, job.seed)));
});
