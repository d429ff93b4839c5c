import { type ChildProcess, fork } from 'node:child_process';
import type { Job, Outcome } from './job.ts';

/** Plays jobs on worker processes, each with the next job as soon as it is free. Outcomes come in the order of the jobs. */
export async function playAll(
  jobs: readonly Job[],
  workers: number,
  onOutcome: (outcome: Outcome, done: number) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = new Array(jobs.length);
  let next = 0;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(new URL('./worker.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
      let current = -1;
      const give = (): void => {
        if (next >= jobs.length) {
          child.disconnect();
          resolve();
          return;
        }
        current = next++;
        child.send(jobs[current] as Job);
      };
      child.on('message', (outcome: Outcome) => {
        outcomes[current] = outcome;
        onOutcome(outcome, ++done);
        give();
      });
      child.on('exit', (code) => {
        if (code !== 0) reject(new Error(`a worker process of the bench ended with ${code}`));
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work));
  return outcomes;
}
