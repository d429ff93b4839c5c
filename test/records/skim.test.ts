import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogFault } from '../../src/records/log-fault.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { createStats } from '../../src/records/log-stats.ts';
import { fieldsOfVersion } from '../../src/records/migrate.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { type Skim, skimLogs, wholeRecord } from '../../src/records/skim.ts';
import { createStanding, readStanding } from '../../src/records/standing.ts';
import { createTopTable } from '../../src/records/top-table.ts';
import { createRandom } from '../../src/support/random.ts';
import { failedRecord, makeDevice, makeRecord, matmul } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-skim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function logOf(lines: readonly string[]): string {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

async function skim(path: string): Promise<{ skims: Skim[]; faults: LogFault[] }> {
  const skims: Skim[] = [];
  const faults: LogFault[] = [];
  await skimLogs([path], { onSkim: (item) => skims.push(item), onFault: (fault) => faults.push(fault) });
  return { skims, faults };
}

const timed = (medianNs: number, changes: Partial<TuningRecord> = {}): TuningRecord =>
  makeRecord({ medianNs, samplesNs: [medianNs], ...changes });
const reordered = (record: TuningRecord): string =>
  JSON.stringify(Object.fromEntries(Object.entries(record).reverse()));
/** A record as version 1 wrote it. */
const older = (record: TuningRecord): string => {
  const fields = fieldsOfVersion(1).map((name) => [name, record[name as keyof TuningRecord]]);
  return JSON.stringify({ ...Object.fromEntries(fields), version: 1 });
};
const spaced = (record: TuningRecord): string => JSON.stringify(record, null, 1).replaceAll('\n', ' ');

const several: readonly TuningRecord[] = [
  timed(900),
  timed(100, { workload: { ...matmul, params: { ...matmul.params, m: 7 } } }),
  timed(50, { device: makeDevice({ driver: 'Mesa "26"\\' }), origin: 'baseline' }),
  timed(40, { workload: { ...matmul, attributes: { expression: 'a},"kernelHash":{[b' } } }),
  failedRecord('crash', 'it said "}],\\" and died {'),
  timed(30, { sketch: '日本語', trace: { version: 1, steps: [{ primitive: 'x', args: { a: '],"kernelHash":' } }] } }),
  makeRecord({ outcome: 'unstable' }),
  makeRecord({ verification: null }),
  makeRecord({ refutes: { record: 'an earlier one', reason: 'its time was "wrong"' } }),
];

describe('skimming', () => {
  it('knows an f16 workload of version 1 by the type of its sums, as reading whole records does', async () => {
    const half = { ...matmul, dtype: 'f16' } as const;
    const wide = { ...half, params: { ...half.params, accumulate_f32: 1 } };
    const { skims, faults } = await skim(
      logOf([older(timed(900, { workload: half })), older(timed(100, { workload: wide }))]),
    );
    expect(faults).toEqual([]);
    const inF16 = { ...half, attributes: { accumulate: 'f16' } };
    expect(skims.map(({ workload }) => workload)).toEqual([inF16, half]);
    expect(skims.map((item) => (wholeRecord(item) as TuningRecord).workload)).toEqual([inF16, half]);
    expect(skims[1]?.workloadKey).not.toBe(skims[0]?.workloadKey);
  });

  for (const [how, write] of [
    ['as we write them', JSON.stringify],
    ['with fields in another order', reordered],
    ['with white space', spaced],
    ['as version 1 wrote them', older],
  ] as const) {
    it(`sees in records ${how} what reading them whole sees`, async () => {
      const kept = write === older ? several.filter(({ refutes }) => refutes === null) : several;
      const path = logOf(kept.map((record) => write(record)));
      const { skims, faults } = await skim(path);
      const { records } = await loadRecords([path]);
      expect(faults).toEqual([]);
      expect(skims.length).toBe(kept.length);
      for (const [index, { source, workloadKey: _, deviceKey: __, verified, ...facts }] of skims.entries()) {
        expect(wholeRecord(skims[index] as Skim)).toEqual(records[index]);
        expect(source).toMatchObject({ file: path, line: { number: index + 1 } });
        expect(records[index]).toMatchObject(facts);
        expect(verified).toBe(isVerified(several[index] as TuningRecord));
      }
      const sameDevice = skims.filter((item) => item.deviceKey === skims[0]?.deviceKey);
      expect(new Set(sameDevice.map((item) => item.device)).size).toBe(1);
      expect(new Set(skims.map((item) => item.workloadKey)).size).toBe(3);
    });
  }

  it('reports the faults that reading reports, and a schedule it stepped over when the record is wanted whole', async () => {
    const good = JSON.stringify(makeRecord());
    const path = logOf([
      good.replace('"outcome":"ok"', '"outcome":"fine"'),
      good.replace('"medianNs":10500', '"medianNs":null'),
      good.replace('"vendor":"mesa"', '"vendor":7'),
      good.replace('"params":{', '"params":{"__proto__":1.5,'),
      good.slice(0, -1),
      `${good}}`,
      good.replace('"steps":[', '"steps":[7,'),
      good.replace('"seed":1', '"seed":1,"medianNs":1'),
    ]);
    const { skims, faults } = await skim(path);
    const whole = await loadRecords([path]);
    // A known field may occur twice in JSON, and then the last value counts.
    expect(faults.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(whole.faults.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(wholeRecord(skims[0] as Skim)).toMatchObject({
      severity: 'error',
      reason: 'wrong-shape',
      line: 7,
      file: path,
    });
    expect(skims[1]).toMatchObject({ medianNs: 10500 });
  });
});

describe('the fastest of a log', () => {
  const step = (name: string): Pick<TuningRecord, 'trace'> => ({
    trace: { version: 1, steps: [{ primitive: name, args: {} }] },
  });
  const topOf = async (path: string, keep: number): Promise<readonly (readonly number[])[]> => {
    const table = createTopTable(keep, () => null);
    const { skims } = await skim(path);
    for (const [index, item] of skims.entries()) table.add(item, path, index + 1);
    return table.entries().map((cell) => cell.map((entry) => entry.medianNs));
  };

  it('are of different schedules, fastest first, apart for each workload and device', async () => {
    const path = logOf(
      [
        timed(50, step('a')),
        timed(40, step('b')),
        timed(30, step('a')),
        timed(70, step('c')),
        timed(20, step('d')),
        timed(5, { ...step('e'), verification: null }),
        timed(60, { ...step('a'), device: makeDevice({ driver: 'another' }) }),
      ].map((record) => JSON.stringify(record)),
    );
    expect(await topOf(path, 3)).toEqual([[20, 30, 40], [60]]);
    expect(await topOf(path, 1)).toEqual([[20], [60]]);
    expect(await topOf(path, 99)).toEqual([[20, 30, 40, 70], [60]]);
  });

  it('are the same where it was read in advance who won races, and fewer records are then read whole', async () => {
    const random = createRandom(3);
    const read = { blind: 0, knowing: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const records = Array.from({ length: 30 }, (_, at): TuningRecord => {
        const ns = 100 + random.below(1000);
        const place = random.below(6) === 0 ? 1 + random.below(2) : null;
        const width = random.below(200);
        return timed(ns, {
          ...step(`s${random.below(20)}`),
          ...{ id: `r#${at}`, startedAt: new Date(Date.UTC(2026, 0, 1) + 60_000 * at).toISOString() },
          samplesNs: [ns, ns, ns],
          references: { arithmetic: [9, 9, 9], memory: [9, 9, 9] },
          relative: {
            ...{ timeNs: ns, lowNs: Math.max(1, ns - width), highNs: ns + width, calm: 3 },
            quietNs: { arithmetic: 9, memory: 9 },
          },
          race: place === null ? null : { place, of: [`r#${at}`], decided: true },
          refutes: random.below(12) === 0 ? { record: `r#${random.below(30)}`, reason: 'it is slower' } : null,
        });
      });
      const path = logOf((seed % 2 === 0 ? records : random.shuffled(records)).map((record) => JSON.stringify(record)));
      const skims = (await skim(path)).skims;
      const known = await readStanding([path]);
      const blindly = createStanding();
      for (const item of skims) blindly.note(item);
      const [blind, knowing] = (
        [
          ['blind', blindly],
          ['knowing', known],
        ] as const
      ).map(([how, standing]) => {
        const table = createTopTable(
          1,
          () => {
            read[how] += 1;
            return null;
          },
          standing,
        );
        for (const [index, item] of skims.entries()) table.add(item, path, index + 1);
        return table.entries().map((cell) => cell.map(({ id }) => id));
      });
      expect(knowing).toEqual(blind);
    }
    expect(read.knowing).toBeLessThan(0.6 * read.blind);
  });

  it('are not taken from a line whose schedule is broken, which is reported', async () => {
    const path = logOf([
      JSON.stringify(timed(50)),
      JSON.stringify(timed(1)).replace('"steps":[', '"steps":[7,'),
      JSON.stringify(timed(60)),
    ]);
    const table = createTopTable(1, () => null);
    const { skims } = await skim(path);
    const said = skims.map((item, index) => table.add(item, path, index + 1));
    expect(said.map((fault) => fault?.line)).toEqual([undefined, 2, undefined]);
    expect(table.entries().map((cell) => cell[0]?.medianNs)).toEqual([50]);
  });
});

describe('statistics', () => {
  it('count by workload, device and outcome', async () => {
    const other = makeDevice({ name: 'other', vendor: 'x' });
    const wide = { ...matmul, params: { ...matmul.params, n: 9 } };
    const path = logOf(
      [
        timed(500, { origin: 'baseline', startedAt: '2026-02-01T00:00:00Z' }),
        timed(100, { startedAt: '2026-01-01T00:00:00Z' }),
        failedRecord('crash', 'x'),
        timed(7, { device: other }),
        timed(9, { workload: wide }),
      ].map((record) => JSON.stringify(record)),
    );
    const stats = createStats();
    for (const item of (await skim(path)).skims) stats.add(item);
    const { all, workloads, devices, cells } = stats.result();
    expect(all).toMatchObject({
      records: 5,
      verified: 4,
      outcomes: { ok: 4, crash: 1 },
      first: '2026-01-01T00:00:00Z',
    });
    expect(workloads.map(({ records, devices: on }) => [records, on])).toEqual([
      [4, 2],
      [1, 1],
    ]);
    expect(devices.map(({ records, workloads: of }) => [records, of])).toEqual([
      [4, 2],
      [1, 1],
    ]);
    expect(cells.map(({ records, verified, bestNs, naiveNs }) => [records, verified, bestNs, naiveNs])).toEqual([
      [3, 2, 100, 500],
      [1, 1, 7, null],
      [1, 1, 9, null],
    ]);
    expect(createStats().result()).toEqual({ all: null, workloads: [], devices: [], cells: [] });
  });
});
