import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import { createLogWriter } from '../../src/records/log-writer.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { chooseReuse } from '../../src/tuner/retarget.ts';
import { makeDevice } from '../records/fixtures.ts';
import { failed, fakeRunner, matmul, ok, recordsIn, scratchFolder, tuneWith } from './synthetic.ts';

const here = makeDevice({ name: 'here' });
const cousin = makeDevice({ name: 'cousin', driver: 'Mesa 24' });
const gpu = makeDevice({ name: 'gpu', vendor: 'nvidia', architecture: 'hopper', type: 'gpu' });
/** A device with tiny limits, which nearly every schedule of other devices exceeds. */
const small = makeDevice({
  name: 'small',
  vendor: 'tiny',
  architecture: 'tiny',
  limits: { ...defaultLimits, maxComputeInvocationsPerWorkgroup: 1, maxComputeWorkgroupStorageSize: 0 },
});

/** Logs of a run on another device, in a folder. */
async function tunedOn(logFolder: string, device: typeof here, seed: number, trials = 12): Promise<TuningRecord[]> {
  const before = (await recordsIn(logFolder)).length;
  await tuneWith({ logFolder, seed, trials, useOthers: false }, fakeRunner(undefined, device), device);
  // Files of the same second are read in the order of their random suffixes, so the device tells them apart.
  const records = (await recordsIn(logFolder)).filter((record) => record.device.name === device.name);
  expect(records.length).toBeGreaterThan(0);
  expect((await recordsIn(logFolder)).length).toBeGreaterThan(before);
  return records;
}

const fastestFirst = (records: readonly TuningRecord[]): string[] => {
  const times = new Map<string, number>();
  for (const { origin, trace, medianNs } of records) {
    if (origin === 'baseline' || medianNs === null) continue;
    const key = scheduleKey(trace);
    times.set(key, Math.min(times.get(key) ?? medianNs, medianNs));
  }
  return [...times].sort(([, a], [, b]) => a - b).map(([key]) => key);
};
const keyOf = ({ trace }: TuningRecord): string => scheduleKey(trace);

describe('retargeting', () => {
  it('measures first what was fastest elsewhere, nearest device first in turns, and searches with the rest', async () => {
    const logFolder = scratchFolder();
    const far = fastestFirst(await tunedOn(logFolder, gpu, 3));
    const near = fastestFirst(await tunedOn(logFolder, cousin, 4));
    const { result, events } = await tuneWith({ logFolder, trials: 12 }, fakeRunner(undefined, here), here);
    const records = (await recordsIn(logFolder)).filter((record) => record.device.name === 'here');
    const origins = records.map((record) => record.origin);
    expect(origins.slice(0, 14)).toEqual([
      'baseline',
      ...Array(6).fill('transfer'),
      ...Array(6).fill('search'),
      'baseline',
    ]);
    const wanted = [...new Set([0, 1, 2].flatMap((turn) => [near[turn], far[turn]]))];
    expect(records.slice(1, 1 + wanted.length).map(keyOf)).toEqual(wanted);
    expect(result).toMatchObject({ trials: 12, reuse: { devices: ['cousin', 'gpu'], measured: 6, unfit: 0 } });
    // The search knows the reused schedules and proposes none of them again.
    const schedules = records.filter(({ origin }) => origin !== 'baseline' && origin !== 'replay').map(keyOf);
    expect(new Set(schedules).size).toBe(schedules.length);
    const transferred = records.filter(({ origin }) => origin === 'transfer');
    expect(result.reuse?.bestNs).toBe(Math.min(...transferred.map((record) => record.medianNs as number)));
    expect(events.filter(({ kind }) => kind === 'reuse')).toEqual([
      { kind: 'reuse', schedules: 6, unfit: 0, devices: ['cousin', 'gpu'] },
    ]);
  });

  it('gives a run that finds nothing better the best kernel of elsewhere', async () => {
    const logFolder = scratchFolder();
    const [best] = fastestFirst(await tunedOn(logFolder, gpu, 3));
    const runner = fakeRunner((trial) => ok(trial === 1 ? 1000 : 5000 + trial), here);
    const { result } = await tuneWith({ logFolder, trials: 10 }, runner, here);
    expect(result.best).toMatchObject({ timeNs: 1000 });
    expect(scheduleKey(result.best?.trace as TuningRecord['trace'])).toBe(best);
    expect(result.reuse?.bestNs).toBe(1000);
  });

  it('measures a reused schedule once: the next run goes on with the search', async () => {
    const logFolder = scratchFolder();
    await tunedOn(logFolder, gpu, 3);
    await tuneWith({ logFolder, trials: 12 }, fakeRunner(undefined, here), here);
    const { result } = await tuneWith({ logFolder, trials: 12 }, fakeRunner(undefined, here), here);
    expect(result.reuse).toBeNull();
    expect((await recordsIn(logFolder)).filter(({ origin }) => origin === 'transfer')).toHaveLength(6);
  });

  it('is turned off by useOthers, and by beginning as if nothing were known', async () => {
    const logFolder = scratchFolder();
    await tunedOn(logFolder, gpu, 3);
    for (const off of [{ useOthers: false }, { useKnown: false }]) {
      const { result, events } = await tuneWith({ logFolder, trials: 4, ...off }, fakeRunner(undefined, here), here);
      expect(result.reuse).toBeNull();
      expect(events.some(({ kind }) => kind === 'reuse')).toBe(false);
    }
    expect((await recordsIn(logFolder)).some(({ origin }) => origin === 'transfer')).toBe(false);
  });

  it('leaves out what is beyond the limits of this device, and says how much', async () => {
    const logFolder = scratchFolder();
    const records = await tunedOn(logFolder, gpu, 3);
    const all = new Set(records.filter(({ origin }) => origin !== 'baseline').map(keyOf)).size;
    const reuse = chooseReuse(matmul, small, records, [], 1000);
    expect(reuse.unfit).toBeGreaterThan(0);
    expect(reuse.unfit + reuse.schedules.length).toBeLessThanOrEqual(all);
    const runner = fakeRunner(undefined, small);
    const { events } = await tuneWith({ logFolder, trials: 4 }, runner, small);
    expect(events.find(({ kind }) => kind === 'reuse')).toMatchObject({ unfit: expect.any(Number) });
    for (const record of (await recordsIn(logFolder)).filter(({ device }) => device.name === 'small'))
      if (record.origin === 'transfer') expect(record.outcome).not.toBe('refused');
  });

  it('takes nothing of a stranger that was not verified, does not replay, or is of another shape', async () => {
    const logFolder = scratchFolder();
    const [, one] = await tunedOn(logFolder, gpu, 3);
    const records = (one === undefined ? [] : [one]) as [TuningRecord];
    const writer = createLogWriter({ folder: logFolder, operator: 'x', device: 'x' });
    const stranger = makeDevice({ name: 'stranger', vendor: 'stranger' });
    const changed = (changes: Partial<TuningRecord>): void =>
      writer.append({ ...records[0], device: stranger, medianNs: 1, samplesNs: [1], ...changes });
    changed({ verification: { checked: 9, wrong: 1, maxError: 2 } });
    changed({ trace: { version: 1, steps: [{ primitive: 'unroll', args: { loop: 'nowhere' } }] } });
    changed({ workload: { ...matmul, params: { ...matmul.params, m: 20 } } });
    writer.close();
    const { result } = await tuneWith({ logFolder, trials: 8 }, fakeRunner(undefined, here), here);
    expect(result.reuse).toMatchObject({ devices: ['gpu'], unfit: 1 });
  });

  it('takes nothing that a later measurement there refuted', async () => {
    const logFolder = scratchFolder();
    const records = await tunedOn(logFolder, gpu, 3);
    const [best, second] = fastestFirst(records);
    const fastest = records.find((record) => keyOf(record) === best) as TuningRecord;
    const writer = createLogWriter({ folder: logFolder, operator: 'x', device: 'x' });
    for (const record of records.filter((record) => keyOf(record) === best))
      writer.append({
        ...{ ...fastest, id: `${record.id}-again`, startedAt: '2027-01-01T00:00:00.000Z', outcome: 'unstable' },
        refutes: { record: record.id, reason: 'it took ten times as long' },
      });
    writer.close();
    await tuneWith({ logFolder, trials: 4 }, fakeRunner(undefined, here), here);
    const transferred = (await recordsIn(logFolder)).filter(({ origin }) => origin === 'transfer').map(keyOf);
    expect(transferred).toContain(second);
    expect(transferred).not.toContain(best);
  });

  it('goes on when what was fast elsewhere fails here', async () => {
    const logFolder = scratchFolder();
    await tunedOn(logFolder, gpu, 3);
    const runner = fakeRunner((trial) => (trial > 0 && trial <= 4 ? failed('crash', 'gone') : ok(2000 + trial)), here);
    const { result } = await tuneWith({ logFolder, trials: 8 }, runner, here);
    expect(result).toMatchObject({ trials: 8, reuse: { measured: 4, bestNs: null }, outcomes: { crash: 4 } });
    expect(result.best).not.toBeNull();
  });
});
