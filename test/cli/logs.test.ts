import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { failedRecord, makeDevice, makeRecord, matmul } from '../records/fixtures.ts';
import { type Ended, wgtuneHere } from './wgtune.ts';

let folder: string;
let logs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-logs-'));
  logs = join(folder, 'logs');
  mkdirSync(logs);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const here = (...args: readonly string[]): Promise<Ended> => wgtuneHere(['logs', ...args]);
const out = (name = 'out.jsonl'): string => join(folder, name);
let number = 0;
const record = (medianNs: number, changes: Partial<TuningRecord> = {}): TuningRecord =>
  makeRecord({
    id: `run#${number++}`,
    medianNs,
    samplesNs: [medianNs],
    trace: { version: 1, steps: [{ primitive: 'unroll', args: { loop: `l${medianNs}` } }] },
    ...changes,
  });
const put = (name: string, records: readonly (TuningRecord | string)[], inFolder = logs): string => {
  const path = join(inFolder, name);
  const lines = records.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  writeFileSync(path, lines.join(''));
  return path;
};
const other = makeDevice({ name: 'h200', vendor: 'nvidia', architecture: 'hopper', type: 'gpu' });
const wide = { ...matmul, params: { ...matmul.params, n: 64 } };

describe('wgtune logs', () => {
  it('stats counts by workload, device and outcome', async () => {
    put('a.jsonl', [record(9000, { origin: 'baseline' }), record(3000), failedRecord('crash', 'x')]);
    put('b.jsonl', [record(50, { device: other }), record(70, { workload: wide })]);
    const text = await here('stats', logs);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^5 records in 2 files, 4 of them verified/);
    expect(text.stdout).toMatch(/matmul m=128 n=128 k=128 f32 +lavapipe +3 +2 +3\.00 µs +3\.00x/);
    expect(text.stdout).toMatch(/^outcomes {2}4 ok, 1 crash$/m);
    const json = JSON.parse((await here('stats', logs, '--json')).stdout);
    expect(json).toMatchObject({ records: 5, errors: 0, all: { records: 5, outcomes: { ok: 4, crash: 1 } } });
    expect(json.cells).toHaveLength(3);
  });

  it('best tells the fastest of every workload on every device and where it stands', async () => {
    const a = put('a.jsonl', [record(9000), record(3000), record(1, { verification: null })]);
    put('b.jsonl', [record(50, { device: other }), record(70, { workload: wide })]);
    const { code, stdout } = await here('best', logs);
    expect(code).toBe(0);
    expect(stdout).toMatch(/3\.00 µs +tiled +2026-11-20 +.*a\.jsonl:2$/m);
    const json = JSON.parse((await here('best', logs, '--json', '--device', 'lavapipe')).stdout);
    expect(json.map((best: TuningRecord) => best.medianNs)).toEqual([3000, 70]);
    expect(json[0]).toMatchObject({ file: a, line: 2 });
    expect(JSON.parse((await here('best', logs, '--json', '--operator', 'softmax')).stdout)).toEqual([]);
  });

  it('best and csv tell the rate: operations, or bytes where a kernel moves more of them', async () => {
    const transpose = makeWorkload('transpose', { shape: 'n=1,c=1,h=64,w=32' });
    put('a.jsonl', [
      record(2000, { workload: makeWorkload('matmul', { shape: 'm=128,n=128,k=128' }) }),
      record(1000, { workload: transpose }),
      record(500, { workload: { ...transpose, operator: 'nobody-knows' } }),
    ]);
    const { stdout } = await here('best', logs);
    expect(stdout).toMatch(/matmul .* 2\.00 µs +2\.10 TFLOP\/s/);
    expect(stdout).toMatch(/transpose .* 1\.00 µs +16\.4 GB\/s/);
    expect(stdout).toMatch(/nobody-knows .* 500 ns +tiled/);
    const [, , unknown] = JSON.parse((await here('best', logs, '--json')).stdout);
    expect(unknown).not.toHaveProperty('flopsPerSecond');
    await here('csv', logs, '-o', out('t.csv'));
    const [titles = '', first = '', , third = ''] = readFileSync(out('t.csv'), 'utf8').split('\n');
    const at = titles.split(',').indexOf('flops_per_second') - titles.split(',').indexOf('time_ns');
    const cellAfter = (row: string, timeNs: number): string =>
      row.split(`,${timeNs},`)[1]?.split(',')[at - 1] as string;
    expect(Number(cellAfter(first, 2000))).toBeCloseTo((2 * 128 ** 3) / 2000e-9, -6);
    expect(cellAfter(third, 500)).toBe('');
  });

  it.each(['stats', 'best', 'validate'])('%s tells of newer records in one sentence', async (command) => {
    const newer = JSON.stringify(record(1)).replace('"version":2', '"version":7');
    const path = put('a.jsonl', [record(30), newer, newer, newer]);
    const { stdout, stderr, code } = await here(command, logs);
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('reads up to'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(
      `${path}:2: from here on 3 records are of version 7, and this wgtune reads up to 2; update wgtune`,
    );
    expect(code).not.toBe(0);
  });

  it('best names what it passes over, with file and line', async () => {
    const impossible = record(1e-3, { workload: makeWorkload('matmul', { shape: 'm=128,n=128,k=128' }) });
    const refuted = record(20, { workload: wide });
    const path = put('a.jsonl', [
      impossible,
      record(3000, { workload: impossible.workload }),
      refuted,
      record(900, { workload: wide, refutes: { record: refuted.id, reason: 'it took 45 times as long' } }),
    ]);
    const { stdout, stderr } = await here('best', logs);
    expect(stdout).toMatch(/a\.jsonl:2$/m);
    expect(stdout).toMatch(/a\.jsonl:4$/m);
    expect(stderr).toMatch(new RegExp(`^note: .*${path}:1`, 'm'));
    expect(stderr).toMatch(new RegExp(`^note: .*${path}:3.*it took 45 times as long`, 'm'));
  });

  it('merge joins logs: every record once, in order, nothing else lost', async () => {
    const [one, two, three] = [record(1), record(2), record(3)];
    put('a.jsonl', [one, two]);
    const more = put('b.jsonl', [two, three, { ...one, medianNs: 8 }], folder);
    const { code, stdout, stderr } = await here('merge', logs, more, '-o', out());
    expect(code).toBe(0);
    expect(stdout).toBe(`wrote ${out()}: 4 records of 2 files, 1 that were there twice\n`);
    expect(stderr).toMatch(/^note: 1 records bear the id of another; all of them were written/);
    const { records } = await loadRecords([out()]);
    expect(records).toEqual([one, two, three, { ...one, medianNs: 8 }]);
    // Merging a merged log changes nothing.
    await here('merge', out(), '-o', out('again.jsonl'));
    expect(readFileSync(out('again.jsonl'), 'utf8')).toBe(readFileSync(out(), 'utf8'));
  });

  it('prune keeps the fastest of every workload and device, and the naive schedule', async () => {
    const naive = record(5000, { origin: 'baseline' });
    const kept = [record(300), record(200), record(900, { workload: wide }), record(400, { device: other })];
    put('a.jsonl', [naive, record(400), ...kept, failedRecord('crash', 'x')]);
    const before = readFileSync(join(logs, 'a.jsonl'), 'utf8');
    const { code, stdout } = await here('prune', logs, '--keep', '2', '-o', out());
    expect(code).toBe(0);
    expect(stdout).toBe(`wrote ${out()}: 5 of 7 records\n`);
    expect((await loadRecords([out()])).records).toEqual([naive, ...kept]);
    expect(readFileSync(join(logs, 'a.jsonl'), 'utf8')).toBe(before);
  });

  it('csv writes a row per record, and no formula', async () => {
    put('a.jsonl', [record(30), failedRecord('crash', '=HYPERLINK("http://x")\nsecond "line"')]);
    const { code } = await here('csv', logs, '-o', out('t.csv'));
    expect(code).toBe(0);
    const text = readFileSync(out('t.csv'), 'utf8');
    const [titles, first] = text.split('\n') as [string, string];
    expect(titles.split(',').slice(0, 4)).toEqual(['id', 'started_at', 'duration_ms', 'operator']);
    expect(first).toContain(',matmul,"m=128,n=128,k=128",');
    expect(text).toContain(`"'=HYPERLINK(""http://x"")\nsecond ""line"""`);
  });

  it('csv tells the best of its run so far and the seconds since it began', async () => {
    const at = (second: number, run = 'one'): Partial<TuningRecord> => ({
      startedAt: `2026-11-20T10:15:${30 + second}.500Z`,
      run,
    });
    const best = record(2000, at(3));
    put('a.jsonl', [
      record(9000, { ...at(0), origin: 'baseline' }),
      record(7000, at(20, 'other')),
      failedRecord('crash', 'x'),
      best,
      record(4000, at(9)),
      record(8000, { ...at(12), refutes: { record: best.id, reason: 'four times as long' } }),
      record(300, { ...at(14), workload: wide }),
    ]);
    await here('csv', logs, '-o', out('deep/er/t.csv'));
    const rows = readFileSync(out('deep/er/t.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((row) => row.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
    const column = (title: string): readonly string[] =>
      rows.slice(1).map((row) => row[(rows[0] as string[]).indexOf(title)] as string);
    expect(column('best_so_far_ns')).toEqual(['9000', '7000', '', '2000', '2000', '4000', '300']);
    expect(column('seconds_since_start')).toEqual(['0', '0', '0', '3', '9', '12', '14']);
    expect(column('run').slice(0, 2)).toEqual(['one', 'other']);
    expect(column('refutes')[5]).toBe(best.id);
  });

  it('the commands of the help write into folders that are not there yet', async () => {
    put('a.jsonl', [record(30)]);
    for (const [words, path] of [
      [['merge'], 'all/logs.jsonl'],
      [['prune', '--keep', '5'], 'best/of/top.jsonl'],
      [['csv'], 'tables/trials.csv'],
    ] as const) {
      expect(await here(...words, logs, '-o', out(path))).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(out(path), 'utf8').length).toBeGreaterThan(100);
    }
    // Where a folder cannot be made, one sentence says so.
    const { code, stderr } = await here('merge', logs, '-o', join(logs, 'a.jsonl', 'below', 'x.jsonl'));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^error: cannot write .*x\.jsonl \(\w+\): name a file in a folder that can be written\n$/);
  });

  it('schema prints the published schema', async () => {
    const { stdout } = await here('schema');
    expect(stdout).toBe(readFileSync(new URL('../../tuning-logs/record-v2.schema.json', import.meta.url), 'utf8'));
  });

  describe('validate', () => {
    // A real record, kept for the migration tests.
    const [real] = readFileSync(new URL('../records/versions/v1.jsonl', import.meta.url), 'utf8').split('\n') as [
      string,
    ];

    it('tells file and line of every fault, of shape and of meaning', async () => {
      const a = put('a.jsonl', [
        real,
        '{"version":1}',
        real.replace('"operator":"matmul"', '"operator":"of_a_user"'),
        real.replace('"operator":"matmul"', '"operator":"softmax"'),
        real.replace(/"m":\d+/, '"m":2000000000'),
        real.replace(/"steps":\[/, '"steps":[{"primitive":"unroll","args":{"loop":"nowhere"}},'),
        real.replace(/"maxComputeInvocationsPerWorkgroup":\d+/, '"maxComputeInvocationsPerWorkgroup":1'),
      ]);
      writeFileSync(join(logs, 'b.jsonl'), real.slice(0, 200));
      const { code, stdout, stderr } = await here('validate', logs);
      expect(code).toBe(1);
      expect(stderr).toBe('error: 5 lines are broken\n');
      const said = stdout.trim().split('\n');
      expect(said[0]).toBe(`error: ${a}:2: wrong shape: id: Invalid input: expected string, received undefined`);
      expect(said[1]).toMatch(/^note: .*a\.jsonl:3: there is no operator "of_a_user" here: its schedule cannot be/);
      expect(said[2]).toMatch(/^error: .*a\.jsonl:4: softmax has no dimension/);
      expect(said[3]).toMatch(/^error: .*a\.jsonl:5: matmul: buffer A of shape .* would take/);
      expect(said[4]).toMatch(/^error: .*a\.jsonl:6: step 1 of the schedule: .*nowhere/);
      expect(said[5]).toMatch(/^error: .*a\.jsonl:7: .*invocations/);
      expect(said[6]).toMatch(/^note: .*b\.jsonl:1: the last line is torn/);
      expect(said[7]).toBe('2 files, 2 good records, 2 notes, 5 errors');
    });

    it('--quick looks at shapes only, and --json tells the same', async () => {
      put('a.jsonl', [real, '{"version":1}', real.replace('"operator":"matmul"', '"operator":"softmax"')]);
      const { code, stdout } = await here('validate', logs, '--quick', '--json');
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        records: 2,
        errors: 1,
        faults: [{ severity: 'error', reason: 'wrong-shape', line: 2 }],
      });
    });
  });

  describe('on broken lines', () => {
    for (const words of [['stats'], ['best']] as const) {
      it(`${words[0]} tells what it can, names the line, and fails`, async () => {
        const a = put('a.jsonl', [record(30), '{"\u001b[2J":']);
        const { code, stdout, stderr } = await here(...words, logs);
        expect(code).toBe(1);
        expect(stdout).toContain('lavapipe');
        expect(stderr).toMatch(`${a}:2: not JSON: `);
        expect(stderr).not.toContain('\u001b');
        expect(stderr).toMatch(/^error: one line is broken, and what is told is told without it/m);
        expect((await here(...words, logs, '--skip-broken')).code).toBe(0);
      });
    }

    for (const [words, name] of [
      [['merge'], 'out.jsonl'],
      [['prune'], 'out.jsonl'],
      [['csv'], 'out.csv'],
    ] as const) {
      it(`${words[0]} writes nothing, or what is whole`, async () => {
        put('a.jsonl', [record(30), 'x']);
        const { code, stderr } = await here(...words, logs, '-o', out(name));
        expect(code).toBe(1);
        expect(stderr).toMatch(/a\.jsonl:2: not JSON.*\nerror: one line is broken, and .* was not written/);
        expect(readdirSync(folder)).toEqual(['logs']);
        expect((await here(...words, logs, '-o', out(name), '--skip-broken')).code).toBe(0);
        expect(readdirSync(folder).sort()).toEqual(['logs', name]);
      });
    }
  });

  describe('refuses in one sentence', () => {
    const mistakes: readonly (readonly [string, RegExp])[] = [
      ['stats nowhere', /there is no tuning log .*nowhere/],
      ['merge logs -o out.txt', /must have a name that ends in \.jsonl/],
      ['merge logs -o logs/all.jsonl', /lies among the logs of .* every record would then be twice/],
      ['merge logs/a.jsonl -o logs/a.jsonl --force', /is one of the logs that are read/],
      ['merge logs -o old.jsonl', /is there already; name another file, or add --force/],
      ['prune logs -o old.jsonl/x.jsonl', /cannot write .*old\.jsonl\/x\.jsonl \((ENOTDIR|EEXIST)\)/],
      ['prune logs --keep 0 -o x.jsonl', /--keep "0" must be a whole number of at least 1/],
      ['csv logs', /required option '-o, --out <file>' not specified/],
      ['csv logs -o x.jsonl', /must have a name that ends in \.csv/],
      ['frobnicate', /unknown command 'frobnicate'/],
    ];
    for (const [line, sentence] of mistakes) {
      it(line, async () => {
        put('a.jsonl', [record(1)]);
        put('old.jsonl', [], folder);
        const words = line
          .split(' ')
          .map((word) => (/^(logs|nowhere|old|out|x)\b/.test(word) ? join(folder, word) : word));
        const { code, stderr, stdout } = await here(...words);
        expect(code).toBe(2);
        expect(stdout).toBe('');
        expect(stderr).toMatch(/^error: .*\n$/);
        expect(stderr).toMatch(sentence);
        expect(readdirSync(folder).sort()).toEqual(['logs', 'old.jsonl']);
        expect(existsSync(join(logs, 'all.jsonl'))).toBe(false);
      });
    }
  });
});
