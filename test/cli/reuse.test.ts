import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { rightOutcomes } from '../../src/records/outcome.ts';
import { isVerified } from '../../src/records/record.ts';
import { exitCode } from '../../src/support/errors.ts';
import { wgtuneHere, withFolder } from './wgtune.ts';

// Large enough that a kernel takes milliseconds: times of microseconds scatter too much on a busy machine to become a best.
const shape = ['matmul', '-s', 'm=64,n=64,k=64', '--device', 'swiftshader'];

it(
  'records of another device are never shown without saying so, and a run begins with them',
  () =>
    withFolder(async (folder) => {
      const [first, logs] = [join(folder, 'first'), join(folder, 'logs')];
      const tuned = await wgtuneHere(['tune', ...shape, '--trials', '6', '--log', first]);
      expect(tuned.code).toBe(0);
      // What SwiftShader measured, rewritten as if a GPU had measured it, a thousand times as fast.
      const { records } = await loadRecords([first]);
      mkdirSync(logs);
      const made = records.map((record) => ({
        ...record,
        device: { ...record.device, name: 'made-up', vendor: 'none', architecture: 'none', type: 'gpu' },
        samplesNs: record.samplesNs.map((ns) => ns / 1000),
        medianNs: record.medianNs === null ? null : record.medianNs / 1000,
      }));
      writeFileSync(join(logs, 'made-up.jsonl'), made.map((record) => `${JSON.stringify(record)}\n`).join(''));
      const here = (command: string, ...rest: readonly string[]) =>
        wgtuneHere([command, ...shape, '--log', logs, ...rest]);

      for (const command of ['best', 'show', 'run'] as const) {
        const { code, stdout, stderr } = await here(command);
        expect(code).toBe(exitCode.noRecord);
        expect(stdout).toBe('');
        expect(stderr).toMatch(
          /the only record of .* is of another device \(made-up\); tune it on swiftshader, or add --allow-/,
        );
      }
      expect((await here('best', '--allow-other')).stdout).toMatch(/^measured on +another device: made-up \(/m);
      expect((await here('show', '--allow-other')).stderr).toMatch(
        /the best known kernel: .* on another device: made-up/,
      );

      const without = await here('tune', '--trials', '2', '--no-reuse', '--model', 'random');
      expect(without.stderr).not.toContain('made-up');
      expect(without.stdout).not.toMatch(/^reused/m);
      const reused = await here('tune', '--trials', '6', '--model', 'random');
      expect(reused.stderr).toMatch(/measures first [123] schedules? that were fast on made-up/);
      const after = (await loadRecords([logs])).records.filter(({ device }) => device.name === 'swiftshader');
      const transferred = after.filter(({ origin }) => origin === 'transfer');
      expect(transferred.length).toBeGreaterThan(0);
      // Whether a time is steady depends on the machine; that the schedules run here and are right does not.
      for (const { outcome, error, verification } of transferred) {
        expect(rightOutcomes, error).toContain(outcome);
        expect(verification).toMatchObject({ wrong: 0, checked: 64 * 64 });
      }
      const found = transferred.some(isVerified) ? 'the fastest takes .* here' : 'none gave';
      expect(reused.stdout).toMatch(new RegExp(`^reused +[123] schedules? of made-up: ${found}`, 'm'));
      expect((await here('best')).stdout).toMatch(/^measured on +this device \(swiftshader\)$/m);
    }),
  300_000,
);
