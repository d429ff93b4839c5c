import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { exitCode } from '../../src/support/errors.ts';
import { type Ended, type StartOptions, start } from '../cli/wgtune.ts';
import { isMeasured, scratch } from './tune-with-faults.ts';

const shape = ['matmul', '-s', 'm=32,n=32,k=32', '--device', 'swiftshader', '--model', 'random'];

function tuneInto(logs: string, trials: number, options: StartOptions = {}): Promise<Ended> {
  return start(['tune', ...shape, '--trials', String(trials), '--log', logs], options).ended;
}

/** Runs a command and says whether it worked. */
function worked(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** After a run that a full disk ended, every reported trial is in the log and whole; at most the last line is torn. */
async function expectKept(logs: string, ended: Ended, least: number): Promise<number> {
  const { records, faults } = await loadRecords([logs]);
  expect(faults.filter(({ reason }) => reason !== 'torn')).toEqual([]);
  expect(faults.length).toBeLessThanOrEqual(1);
  expect(records.length).toBeGreaterThanOrEqual(least);
  expect(records.map(({ trial }) => trial)).toEqual(records.map((_, index) => index));
  expect(records.filter(isMeasured).length).toBeGreaterThan(0);
  // The last trial that was reported; the naive schedule is a record but no trial.
  const told = [...ended.stderr.matchAll(/^trial (\d+)\//gm)].map(([, number]) => Number(number));
  expect(records.length - 1).toBeGreaterThanOrEqual(Math.max(0, ...told));
  return records.length;
}

function expectOneSentence({ stdout, stderr, code }: Ended, sentence: RegExp): void {
  const errors = stderr.split('\n').filter((text) => text.startsWith('error: '));
  expect(errors).toEqual([expect.stringMatching(sentence)]);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stdout).toBe('');
  expect(code).toBe(exitCode.usage);
}

/** Runs the same command again where there is room: it knows what was measured and goes on. */
async function expectGoesOn(logs: string, known: number): Promise<void> {
  const again = await tuneInto(logs, 2);
  expect(again.stderr).toMatch(new RegExp(`^starts from ${known} known trials? `, 'm'));
  expect(again.code, again.stderr).toBe(exitCode.ok);
  const { records } = await loadRecords([logs]);
  expect(records.length).toBeGreaterThanOrEqual(known + 2);
}

describe('a disk that is full in the middle of a run', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) worked('umount', folder);
  });

  it('ends the run with one sentence; nothing measured is lost, and the next run goes on where there is room', async ({
    skip,
  }) => {
    const disk = join(scratch(), 'disk');
    mkdirSync(disk);
    if (!worked('mount', '-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', disk)) skip('no right to mount a small disk');
    mounted.push(disk);
    const logs = join(disk, 'logs');
    const ended = await tuneInto(logs, 40);
    expectOneSentence(
      ended,
      /^error: cannot write the tuning log \S+\.jsonl: the disk is full: make room or name a folder/,
    );
    const known = await expectKept(logs, ended, 3);
    expect(worked('mount', '-o', 'remount,size=4m', disk)).toBe(true);
    await expectGoesOn(logs, known);
  });

  it.skipIf(process.platform === 'win32')('ends the run just as a limit on file sizes does', async () => {
    const logs = scratch();
    // In blocks of 512 or 1,024 bytes, by shell.
    const ended = await tuneInto(logs, 40, { under: ['sh', '-c', 'ulimit -f 32; exec "$0" "$@"'] });
    expectOneSentence(
      ended,
      /^error: cannot write the tuning log \S+\.jsonl: files may not grow that large here: raise/,
    );
    await expectGoesOn(logs, await expectKept(logs, ended, 2));
  });
});

describe('a log folder that may not be written', () => {
  it('ends the run before its first trial and stays as it is', async ({ skip }) => {
    const logs = scratch();
    writeFileSync(join(logs, 'mine.txt'), 'mine');
    chmodSync(logs, 0o555);
    // Root may write anywhere, unless it has lost that right.
    const under = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : ['env'];
    if (process.platform === 'win32' || !worked(under[0] as string, ...under.slice(1), 'true'))
      skip('no way to be somebody who may not write');
    try {
      const ended = await tuneInto(logs, 2, { under });
      expectOneSentence(
        ended,
        /^error: cannot write the tuning log \S+: you may not write there: change its permissions/,
      );
      expect(readdirSync(logs)).toEqual(['mine.txt']);
    } finally {
      chmodSync(logs, 0o755);
    }
  });

  it('can still be read: what was measured is shown', async ({ skip }) => {
    const disk = join(scratch(), 'disk');
    mkdirSync(disk);
    if (!worked('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk)) skip('no right to mount a disk');
    try {
      const logs = join(disk, 'logs');
      expect((await tuneInto(logs, 2)).code).toBe(exitCode.ok);
      expect(worked('mount', '-o', 'remount,ro', disk)).toBe(true);
      const ended = await tuneInto(logs, 2);
      expectOneSentence(
        ended,
        /^error: cannot write the tuning log \S+: that file system is read-only: name another folder/,
      );
      const best = await start(['best', ...shape.slice(0, -2), '--log', logs]).ended;
      expect(best.stdout).toMatch(/^measured on +this device \(swiftshader\)$/m);
    } finally {
      worked('umount', disk);
    }
  });
});
