import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type DeepState, freshState, loadState, saveState, summaryOf } from './deep-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-deep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wrong = { index: 3, kind: 'wrong', why: 'case 3: C[0] is 1, expected 2' } as const;
const halfWay: DeepState = { ...freshState(5, 40), next: 20, onDevices: { swiftshader: 4 }, failures: [wrong] };

describe('the state of a deep run', () => {
  it('is taken up by the next run of the same seed and number of cases, until the run has ended', () => {
    const path = join(folder, 'new', 'state.json');
    expect(loadState(path, 5, 40)).toEqual(freshState(5, 40));
    saveState(path, halfWay);
    expect(loadState(path, 5, 40)).toEqual(halfWay);
    expect(loadState(path, 6, 40)).toEqual(freshState(6, 40));
    expect(loadState(path, 5, 41)).toEqual(freshState(5, 41));
    saveState(path, { ...halfWay, next: 40 });
    expect(loadState(path, 5, 40)).toEqual(freshState(5, 40));
  });

  it('counts wrong answers and shader compile errors separately', () => {
    const failures = [wrong, wrong, { ...wrong, kind: 'shader-compile-error' } as const];
    expect(summaryOf({ ...halfWay, next: 5000, failures })).toBe('5,000 cases, 2 wrong, 1 shader compile errors');
  });

  it('a continued run keeps earlier failures and fails because of them', { timeout: 60_000 }, () => {
    const path = join(folder, 'run.json');
    const script = fileURLToPath(new URL('deep.ts', import.meta.url));
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const run = (failures: DeepState['failures']) => {
      writeFileSync(path, JSON.stringify({ ...freshState(5, 4), next: 1, failures }));
      const args = ['--import', tsx, script, '--cases', '4', '--state', path];
      return spawnSync(process.execPath, args, {
        encoding: 'utf8',
        env: { ...process.env, WGTUNE_PROPERTY_SEED: '5' },
      });
    };
    const failed = run([wrong]);
    expect(failed.stdout).toContain('goes on from case 1 of ');
    expect(failed.stdout.trimEnd().split('\n').at(-1)).toBe('4 cases, 1 wrong, 0 shader compile errors');
    expect(failed.status).toBe(1);
    expect(run([]).status).toBe(0);
  });
});
