import { type ChildProcess, fork } from 'node:child_process';
import PQueue from 'p-queue';
import type { Job, Outcome } from './job.ts';

/** Plays jobs on worker processes, each with the next job as soon as it is free. Outcomes come in the order of the jobs. */
export async function playAll(
  jobs: readonly Job[],
  workers: number,
  onOutcome: (outcome: Outcome, done: number) => void,
): Promise<readonly Outcome[]> {
  const queue = new PQueue({ concurrency: workers });
  const children: ChildProcess[] = [];
  const idle: ChildProcess[] = [];
  const start = (): ChildProcess => {
    const child = fork(new URL('./worker.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
    children.push(child);
    return child;
  };
  let done = 0;
  const play = async (job: Job): Promise<Outcome> => {
    const child = idle.pop() ?? start();
    const outcome = await answerOf(child, job);
    idle.push(child);
    onOutcome(outcome, ++done);
    return outcome;
  };
  try {
    return await queue.addAll(jobs.map((job) => () => play(job)));
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
  }
}

/** A worker's outcome of a job. Rejects where the process dies during it. */
function answerOf(child: ChildProcess, job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a worker process of the bench ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (outcome: Outcome) => {
      child.off('exit', onExit);
      resolve(outcome);
    });
    child.send(job);
  });
}
