import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { timeOf } from '../../src/records/relative-time.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { type Ended, wgtune, wgtuneHere } from './wgtune.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const logs = join(folder, 'logs');
const flags = ['matmul', '-s', 'm=16,n=16,k=16', '--device', 'swiftshader', '--log', logs];

/** The commands a summary ends with, as words after `wgtune`. */
function nextCommands(stdout: string): string[][] {
  const [, next = ''] = stdout.split('\nnext\n');
  return next
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ').slice(1));
}

/** The trials of a search, those of near shapes' schedules that ship with wgtune included. */
function trialsOf(records: readonly TuningRecord[]): readonly TuningRecord[] {
  return records.filter(({ origin, race }) => race === null && (origin === 'search' || origin === 'transfer'));
}

/** The winner of the latest race, in which the fastest kernel is decided. */
function winnerOf(records: readonly TuningRecord[]): TuningRecord {
  const winners = records.filter(({ race }) => race?.place === 1);
  return winners.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0] as TuningRecord;
}

describe('tune, then everything that follows from it', () => {
  let tuned: Ended;
  beforeAll(async () => {
    tuned = await wgtune(['tune', ...flags, '--trials', '4']);
  });

  it('tune finds a kernel, compares it with the naive schedule and keeps every trial', async () => {
    expect(tuned.stderr).not.toContain('error');
    expect(tuned.code).toBe(0);
    expect(tuned.stdout).toMatch(/^best +\S+ \S+ {2}\S+ \wFLOP\/s/m);
    expect(tuned.stdout).toMatch(/^trials +4 of 4 in /m);
    expect(tuned.stdout).toMatch(/^pruned +[\d,]+ of [\d,]+ prefixes refused/m);
    const log = /^log +(\S+)$/m.exec(tuned.stdout)?.[1] ?? '';
    const { records, faults } = await loadRecords([log]);
    expect(faults).toEqual([]);
    expect(records[0]?.origin).toBe('baseline');
    expect(trialsOf(records)).toHaveLength(4);
    // On a busy machine the naive schedule may come out unstable; a ratio is printed exactly when there is one.
    const compared = records.some((record) => record.origin === 'baseline' && isVerified(record));
    expect(/(faster than|slower than|as fast as) the naive schedule \(/.test(tuned.stdout)).toBe(compared);
  });

  it('the commands it ends with work as they are printed', async () => {
    const [show = [], bundle = [], ...others] = nextCommands(tuned.stdout);
    expect(others).toEqual([]);
    const shown = await wgtuneHere(show);
    expect(shown.stdout).toMatch(/@compute @workgroup_size/);
    expect(shown.code).toBe(0);
    expect(bundle.slice(-2)).toEqual(['-o', 'matmul-kernel']);
    const out = join(folder, 'kernel');
    const exported = await wgtuneHere([...bundle.slice(0, -1), out]);
    expect(exported.code).toBe(0);
    const files = exported.stdout.trim().split('\n');
    expect(files.sort()).toEqual(
      readdirSync(out)
        .map((name) => join(out, name))
        .sort(),
    );
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      kernels: { file: string; dispatch: number[] }[];
    };
    for (const { file } of manifest.kernels) {
      expect(files).toContain(join(out, file));
      expect(shown.stdout).toContain(readFileSync(join(out, file), 'utf8').trim());
    }
  });

  it('best tells whose record it is and where it lies', async () => {
    const { code, stdout } = await wgtuneHere(['best', ...flags, '--json']);
    expect(code).toBe(0);
    const best = JSON.parse(stdout) as { timeNs: number; whose: string; log: string; record: string };
    expect(best.whose).toBe('same-device');
    const { records } = await loadRecords([best.log]);
    const record = records.find(({ id }) => id === best.record);
    expect(record === undefined ? null : timeOf(record)).toBe(best.timeNs);
    expect(best.record).toBe(winnerOf(records).id);
    expect((await wgtuneHere(['best', ...flags])).stdout).toMatch(/^measured on +this device \(swiftshader\)$/m);
  });

  it('show prints loops and trace, and its JSON is a schedule file that shows the same with no device and runs', async () => {
    const loops = await wgtuneHere(['show', ...flags]);
    expect(loops.stdout).toMatch(/^ *for \S+ in \d+ {2}# workgroup\.x$/m);
    expect(loops.stderr).toMatch(/^the best known kernel: .* on this device/);
    const trace = await wgtuneHere(['show', ...flags, '--as', 'trace']);
    expect(trace.stdout).toMatch(/^bind\(\S+, workgroup\.x\)$/m);

    const file = join(folder, 'schedule.json');
    writeFileSync(file, (await wgtuneHere(['show', ...flags, '--as', 'trace', '--json'])).stdout);
    const again = await wgtuneHere(['show', 'matmul', '--schedule', file]);
    expect(again).toMatchObject({ code: 0, stdout: loops.stdout });
    const run = await wgtuneHere(['run', 'matmul', '--schedule', file, '--device', 'swiftshader', '--json']);
    expect(run.code).toBe(0);
    const { result, workload } = JSON.parse(run.stdout) as {
      result: { verification: { checked: number; wrong: number } };
      workload: { params: object };
    };
    expect(workload.params).toMatchObject({ m: 16, n: 16, k: 16 });
    expect(result).toMatchObject({ verification: { checked: 256, wrong: 0 } });
  });

  it('show and run take one line of the log as a schedule', async () => {
    const log = /^log +(\S+)$/m.exec(tuned.stdout)?.[1] ?? '';
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const file = join(folder, 'record.json');
    writeFileSync(file, lines.at(-1) ?? '');
    const { code, stdout } = await wgtuneHere(['show', 'matmul', '--schedule', file, '--as', 'wgsl']);
    expect(stdout).toMatch(/^\/\/ {3}@group\(0\) @binding\(0\) A: input f32\[1, 16, 16\]$/m);
    expect(code).toBe(0);
    const whole = await wgtuneHere(['show', 'matmul', '--schedule', log]);
    expect(whole.stderr).toContain(`holds ${lines.length} records`);
  });

  it('run verifies and times the best known, and the naive schedule', async () => {
    const best = await wgtuneHere(['run', ...flags]);
    expect(best.code).toBe(0);
    expect(best.stdout).toMatch(/^verified +256 outputs compared, all right/m);
    expect(best.stdout).toMatch(/^time +\S+ \S+ \((on the quiet machine|scaled by .*)\) +\S+ \wFLOP\/s$/m);
    expect((await wgtuneHere(['run', ...flags, '--naive'])).stdout).toMatch(/^schedule +naive$/m);
  });

  it('export leaves a folder alone that holds something else, unless it is forced', async () => {
    const out = join(folder, 'mine');
    mkdirSync(out);
    writeFileSync(join(out, 'precious.txt'), 'mine');
    const refused = await wgtuneHere(['export', ...flags, '-o', out]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/is not empty and holds no bundle; .*--force/);
    expect(readdirSync(out)).toEqual(['precious.txt']);
    expect((await wgtuneHere(['export', ...flags, '-o', out, '--force'])).code).toBe(0);
    expect(existsSync(join(out, 'manifest.json'))).toBe(true);
    expect((await wgtuneHere(['export', ...flags, '-o', out])).code).toBe(0);
    expect(readFileSync(join(out, 'precious.txt'), 'utf8')).toBe('mine');
  });

  it('a second tune starts from what is known and measures nothing twice', async () => {
    const before = (await loadRecords([logs])).records;
    const second = await wgtuneHere(['tune', ...flags, '--trials', '3', '--json']);
    expect(second.stderr).toMatch(new RegExp(`^starts from ${before.length} known trials `, 'm'));
    expect(second.code).toBe(0);
    const result = JSON.parse(second.stdout) as { trials: number; best: { timeNs: number } };
    expect(result.trials).toBe(3);
    const { records } = await loadRecords([logs]);
    const searched = trialsOf(records);
    expect(searched).toHaveLength(7);
    expect(new Set(searched.map(({ trace }) => scheduleKey(trace))).size).toBe(7);
    expect(result.best.timeNs).toBe(timeOf(winnerOf(records)));
  });
});
