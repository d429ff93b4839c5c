import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isRunning } from '../measure/processes.ts';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

it('ends a child whose main thread is blocked soon after its parent was killed', async () => {
  const parent = fork(fileURLToPath(new URL('./parent-of-blocked.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    const child = await new Promise<number>((resolve) => parent.once('message', (pid) => resolve(Number(pid))));
    await pause(300);
    expect(isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    for (let waited = 0; waited < 30_000 && isRunning(child); waited += 50) await pause(50);
    expect(isRunning(child)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});
