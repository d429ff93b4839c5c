import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/device/priority.js', import.meta.url));

it('a measuring process has the highest priority where the user may ask for it, and goes on as it was where not', () => {
  const script = `import { takePriority } from ${JSON.stringify(built)}; takePriority(); console.log(os.getPriority());`;
  const priorityOf = (command: string, ...args: readonly string[]): number =>
    Number(execFileSync(command, [...args, '--input-type=module', '-e', `import os from 'node:os'; ${script}`]));
  const own = getPriority();
  const asked = priorityOf(process.execPath);
  expect([own, -20]).toContain(asked);
  const drop = ['--bounding-set=-sys_nice', 'true'];
  if (process.getuid?.() !== 0 || spawnSync('setpriv', drop).status !== 0) return;
  // Root is refused too once it has lost that right.
  const dropped = priorityOf('setpriv', '--bounding-set=-sys_nice', process.execPath);
  expect(dropped).toBe(own);
});

const groupsSessions = (() => {
  try {
    return readFileSync('/proc/sys/kernel/sched_autogroup_enabled', 'utf8').trim() === '1' && process.getuid?.() === 0;
  } catch {
    return false;
  }
})();

it.skipIf(!groupsSessions)('raises a session that it leads, and none that others share', () => {
  const script = `import { takePriority } from ${JSON.stringify(built)}; import fs from 'node:fs'; takePriority();
    console.log(fs.readFileSync('/proc/self/autogroup', 'utf8'));`;
  const niceOf = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, [...args, '--input-type=module', '-e', script], { encoding: 'utf8' })
      .trim()
      .split(' ')
      .at(-1) as string;
  const shared = readFileSync('/proc/self/autogroup', 'utf8').trim().split(' ').at(-1);
  expect(niceOf(process.execPath)).toBe(shared);
  expect([shared, '-20']).toContain(niceOf('setsid', '-w', process.execPath));
});
