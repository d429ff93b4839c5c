import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isRunning, measuringChildren } from './processes.ts';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

it('a measuring process with a hung kernel does not outlive a parent that was killed', async () => {
  const parent = fork(fileURLToPath(new URL('./parent-to-kill.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    await new Promise((resolve) => parent.once('message', resolve));
    await pause(500);
    const [child] = measuringChildren(parent.pid ?? 0);
    if (child === undefined) throw new Error('there is no measuring process');
    expect(isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    for (let waited = 0; waited < 30_000 && isRunning(child); waited += 50) await pause(50);
    expect(isRunning(child)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});
