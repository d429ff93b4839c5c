import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { TuningRecord } from '../../src/records/record.ts';
import { createRecordCheck } from '../../src/tuner/check-record.ts';
import { builtMain } from '../cli/wgtune.ts';
import { donorLines } from './donors.ts';
import { fuzzLogs } from './fuzz.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// `npm run test:faults` does this with 10,000 lines.
it('150 hostile lines are accepted or refused with file and line, in bounded time and memory, and without any effect', async () => {
  const { cases, shape, meaning, taken, executed, heap, wrong } = await fuzzLogs(150, 2);
  expect(wrong).toEqual([]);
  expect(cases).toBe(150);
  // All three outcomes occur; otherwise this would fuzz one check only.
  expect(Math.min(shape, meaning, taken)).toBeGreaterThan(3);
  expect(executed).toBeGreaterThan(0);
  expect(heap).toBeLessThan(256 << 20);
}, 300_000);

describe('a record that would exhaust the machine', () => {
  const donors = donorLines().map((line) => JSON.parse(line) as TuningRecord);
  const real = donors.find((record) => record.sketch !== null && record.workload.operator === 'matmul') as TuningRecord;
  const check = createRecordCheck();
  const step = (primitive: string, args: Record<string, unknown>): TuningRecord => ({
    ...real,
    trace: { version: 1, steps: [{ primitive, args }] },
  });
  const of = (params: Record<string, number>): TuningRecord => ({
    ...real,
    workload: { ...real.workload, params: { ...real.workload.params, ...params } },
  });

  it('is bent from a legal record', () => {
    for (const record of donors) expect(check(record)).toBeNull();
  });

  const cases: readonly (readonly [string, TuningRecord])[] = [
    ['of a shape of terabytes', of({ m: 2_000_000, n: 2_000_000 })],
    ['of a shape beyond integers', of({ m: 2 ** 53 })],
    ['split into astronomic extents', step('split', { loop: 'j', factors: [2 ** 31 - 1, 2 ** 31 - 1] })],
    ['padded to terabytes', step('pad', { block: 'matmul', iters: ['i'], multiples: [2 ** 40] })],
    ['that unrolls what is not there', step('unroll', { loop: '__proto__' })],
    ['with a primitive named as a method of objects', step('constructor', {})],
    ['of 100,000 steps', { ...real, trace: { version: 1, steps: Array(100_000).fill(real.trace.steps[0]) } }],
    [
      'with a formula nested 100,000 deep',
      { ...real, workload: { ...real.workload, attributes: { epilogue: '('.repeat(9999) } } },
    ],
  ];
  for (const [what, record] of cases) {
    it(`${what} is refused at once`, () => {
      const begin = process.cpuUsage();
      const refusal = check(record);
      const { user, system } = process.cpuUsage(begin);
      expect(refusal?.message()).toMatch(/./);
      expect((user + system) / 1e6).toBeLessThan(3);
    });
  }
});

it('a line of 100 MB is refused with its number by a process with 64 MB of heap, and the lines around it are read', () => {
  const [line = ''] = donorLines();
  const file = join(folder, 'long.jsonl');
  const written = openSync(file, 'w');
  writeSync(written, `${line}\n{"version":1,"error":"`);
  const part = Buffer.alloc(1 << 20, 'x');
  for (let megabytes = 0; megabytes < 100; megabytes++) writeSync(written, part);
  writeSync(written, `"}\n${line}\n`);
  closeSync(written);
  const told = join(folder, 'told.mjs');
  writeFileSync(told, `process.on('exit', () => console.error(process.resourceUsage().maxRSS));`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=64', '--import', pathToFileURL(told).href, builtMain, 'logs', 'validate', file],
    { encoding: 'utf8' },
  );
  expect(stdout).toContain(
    `error: ${file}:2: line is too long to be a record\n1 file, 2 good records, 0 notes, 1 errors`,
  );
  expect(status).toBe(1);
  // In KiB, half of which is Node and the compiler of the tests.
  expect(Number(stderr.trim().split('\n').at(-1))).toBeLessThan(300 * 1024);
}, 180_000);
