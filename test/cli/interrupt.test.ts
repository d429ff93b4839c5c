import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { exitCode } from '../../src/support/errors.ts';
import { start, withFolder } from './wgtune.ts';

describe('Ctrl-C', () => {
  it('once: the trial at hand is finished, the summary printed, nothing lost', () =>
    withFolder(async (logs) => {
      const run = start([
        ...['tune', 'matmul', '-s', 'm=64,n=64,k=64', '--device', 'swiftshader'],
        ...['--trials', '2000', '--log', logs],
      ]);
      await run.saying('/2000');
      run.process.kill('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      expect(code).toBe(exitCode.interrupted);
      expect(stderr).toContain('finishing the trial at hand');
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(
        `error: interrupted; the same command goes on from the trials that are recorded: wgtune tune matmul -s m=64,n=64,k=64 --device swiftshader --log ${logs} --trials 2000`,
      );
      expect(stdout).toMatch(/^trials +\d+ of 2000 in .*, interrupted$/m);
      const { records, faults } = await loadRecords([logs]);
      expect(faults).toEqual([]);
      const trials = Number(/^trials +(\d+) of/m.exec(stdout)?.[1]);
      // The naive schedule is a record too.
      expect(records).toHaveLength(trials + 1);
    }));

  it('twice: it ends at once', () =>
    withFolder(async (logs) => {
      // The naive schedule of this shape takes seconds here, so that the second signal finds it still running.
      const run = start([
        ...['tune', 'matmul', '-s', 'm=512,n=512,k=512', '--device', 'swiftshader'],
        ...['--trials', '2000', '--log', logs],
      ]);
      await run.saying('candidates before pruning');
      run.process.kill('SIGINT');
      await run.saying('finishing the trial at hand');
      run.process.kill('SIGINT');
      const { code, stdout } = await run.ended;
      expect(code).toBe(exitCode.interrupted);
      expect(stdout).toBe('');
      // At once, without waiting for the trial at hand.
      expect((await loadRecords([logs])).records).toEqual([]);
    }));
});

describe('output that goes nowhere', () => {
  it('ends the command without a word when its reader goes away', async () => {
    const run = start(['ops', 'conv2d']);
    run.process.stdout?.destroy();
    const { code, stderr } = await run.ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('is one sentence when the disk is full', { skip: !existsSync('/dev/full') }, async () => {
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = await start(['ops'], { stdout: full }).ended;
    closeSync(full);
    expect(stderr).toBe('error: the output cannot be written (ENOSPC)\n');
    expect(code).toBe(exitCode.failed);
  });
});
