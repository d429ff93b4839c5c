import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { exitCode, UserError } from '../../src/support/errors.ts';
import { bestOrNearestFor } from '../../src/tuner/best-or-nearest.ts';
import { learnModel } from '../../src/tuner/learning/learn.ts';
import { makeDevice } from '../records/fixtures.ts';
import { fakeRunner, matmul, ok, recordsIn, scratchFolder, timeOfKey, tuneWith } from './synthetic.ts';

const here = makeDevice({ name: 'here' });
const elsewhere = makeDevice({ name: 'elsewhere', device: 'another', description: 'another' });
const nearShape = makeWorkload('matmul', { shape: 'm=19,n=16,k=24' });
const farShape = makeWorkload('matmul', { shape: 'm=150,n=90,k=64' });

/** Logs of runs on shapes near `matmul`. */
async function tunedShapes(logFolder: string, device = here, workloads = [nearShape, farShape]): Promise<void> {
  for (const workload of workloads)
    await tuneWith({ logFolder, workload, trials: 10, useOthers: false }, fakeRunner(undefined, device), device);
}

const bestOf = (records: readonly TuningRecord[], workload: typeof matmul): TuningRecord =>
  records
    .filter((record) => record.origin === 'search' && JSON.stringify(record.workload) === JSON.stringify(workload))
    .filter(isVerified)
    .reduce((best, record) => (record.medianNs < best.medianNs ? record : best));

describe('a run with logs of other workloads', () => {
  it('measures first schedules of near shapes, refitted, and says what it learned from and what that weighs', async () => {
    const logFolder = scratchFolder();
    await tunedShapes(logFolder);
    const { result, events } = await tuneWith({ logFolder, trials: 16 }, fakeRunner(undefined, here), here);
    const own = (await recordsIn(logFolder)).filter(({ workload }) => workload.params.k === 12);
    const [first] = own.filter(({ origin }) => origin !== 'baseline');
    expect(first).toMatchObject({ origin: 'transfer', search: null, sketch: expect.any(String) });
    expect(events.find(({ kind }) => kind === 'sources')).toMatchObject({
      sources: [{ name: 'other shapes of matmul on this device', records: expect.any(Number) }],
      neighbours: expect.arrayContaining([expect.stringMatching(/^matmul b=1 m=(19|150) .* f32 on here$/)]),
    });
    const { learning } = result;
    expect(learning?.sources.map(({ name }) => name)).toEqual([
      'other shapes of matmul on this device',
      'what is known of machines',
    ]);
    for (const { weight } of learning?.sources ?? []) expect(weight).toBeGreaterThanOrEqual(0);
    expect(learning?.neighbours).toHaveLength(3);
    const refitted = own.filter(({ origin }) => origin === 'transfer');
    expect(refitted).toHaveLength(3);
    expect(learning?.neighboursNs).toBe(Math.min(...refitted.map(({ medianNs }) => medianNs as number)));
    expect(learning?.nearBestAt).toBeGreaterThanOrEqual(1);
    expect(result).toMatchObject({ search: 'transfer+beam', trials: 16 });
  });

  it('does the same for the same logs and seed, and nothing of it where it is told not to', async () => {
    const trajectories: string[][] = [];
    for (const off of [{}, {}, { useOthers: false }]) {
      const logFolder = scratchFolder();
      await tunedShapes(logFolder, here, [nearShape]);
      const { result, runner } = await tuneWith({ logFolder, trials: 8, ...off }, fakeRunner(undefined, here), here);
      trajectories.push(runner.measured);
      expect(result.learning === null).toBe('useOthers' in off);
    }
    expect(trajectories[1]).toEqual(trajectories[0]);
    expect(trajectories[2]).not.toEqual(trajectories[0]);
  });

  it('drops a source that contradicts what is measured here', async () => {
    const logFolder = scratchFolder();
    await tunedShapes(logFolder, elsewhere, [matmul]);
    // Whatever was fast there is slow here.
    const runner = fakeRunner((_, key) => ok(1e9 / timeOfKey(key)), here);
    const { result } = await tuneWith({ logFolder, trials: 24 }, runner, here);
    expect(result.learning?.sources[0]).toMatchObject({
      name: expect.stringContaining('this workload on elsewhere'),
      weight: 0,
    });
  });

  it('learns from further logs without writing there, also from this workload on this device', async () => {
    const [logFolder, further] = [scratchFolder(), scratchFolder()];
    await tunedShapes(further, here, [matmul]);
    const before = await recordsIn(further);
    const broken = join(scratchFolder(), 'broken.jsonl');
    writeFileSync(broken, '{"version":2}\n');
    const { result, events } = await tuneWith(
      { logFolder, learnFrom: [further, broken], trials: 8 },
      fakeRunner(undefined, here),
      here,
    );
    expect(result.learning?.sources[0]?.name).toBe('this workload on this device');
    expect(events).toContainEqual({ kind: 'note', message: expect.stringContaining('broken.jsonl:1') });
    expect(await recordsIn(further)).toEqual(before);
    const first = (await recordsIn(logFolder)).filter(({ origin }) => origin === 'transfer');
    const there = before.map(({ decisions }) => JSON.stringify(decisions));
    expect(first).toHaveLength(2);
    for (const { decisions } of first) expect(there).toContain(JSON.stringify(decisions));
    await expect(tuneWith({ logFolder, learnFrom: [join(further, 'nowhere')] })).rejects.toThrow(
      /there is no tuning log .*nowhere/,
    );
  });

  it('learns where the space can be listed', async () => {
    const logFolder = scratchFolder();
    const [small, smaller] = ['rows=8,cols=40', 'rows=8,cols=48'].map((shape) => makeWorkload('reduce_sum', { shape }));
    await tunedShapes(logFolder, here, [smaller as Workload]);
    const { result } = await tuneWith(
      { logFolder, workload: small as Workload, trials: 12 },
      fakeRunner(undefined, here),
      here,
    );
    expect(result).toMatchObject({ search: 'transfer', trials: 12 });
    expect(result.learning?.sources[0]?.weight).toEqual(expect.any(Number));
  });
});

describe('learning a model', () => {
  it('writes a file from which a run starts, and replaces it when there are new logs', async () => {
    const [logFolder, logs] = [scratchFolder(), scratchFolder()];
    await tunedShapes(logs);
    const out = join(scratchFolder(), 'models', 'model.json');
    const first = await learnModel([logs], { out });
    expect(first.learnedFrom).toMatchObject({ devices: 1, workloads: 2 });
    expect(first.learnedFrom.records + first.unfit).toBeGreaterThanOrEqual(20);
    const { result } = await tuneWith({ logFolder, trials: 8, models: [out] }, fakeRunner(undefined, here), here);
    expect(result.learning?.sources[0]).toMatchObject({ name: out, records: first.learnedFrom.records });
    await tunedShapes(logs, elsewhere, [matmul]);
    const text = readFileSync(out, 'utf8');
    const second = await learnModel([logs], { out });
    expect(second.learnedFrom).toMatchObject({ devices: 2, workloads: 3 });
    expect(readFileSync(out, 'utf8')).not.toBe(text);
  });

  it('makes the same model of the same logs, and none of nothing', async () => {
    const logs = scratchFolder();
    await tunedShapes(logs);
    const boosters = async (): Promise<unknown> => {
      const out = join(scratchFolder(), 'model.json');
      await learnModel([logs], { out });
      const { learnedAt: _, ...rest } = JSON.parse(readFileSync(out, 'utf8')) as { learnedAt: string };
      return rest;
    };
    expect(await boosters()).toEqual(await boosters());
    const out = join(logs, 'nothing.json');
    writeFileSync(join(logs, 'broken.jsonl'), '{"version":2\n');
    const faults: unknown[] = [];
    await expect(
      learnModel([join(logs, 'broken.jsonl')], { out, onFault: (fault) => faults.push(fault) }),
    ).rejects.toThrow(/nothing to learn from in .*broken\.jsonl/);
    expect(faults).toMatchObject([{ line: 1 }]);
    expect(existsSync(out)).toBe(false);
  });
});

describe('the best of a shape that nobody tuned', () => {
  it('is the schedule of the nearest one, refitted, and never said to be its own', async () => {
    const logFolder = scratchFolder();
    await tunedShapes(logFolder);
    const { known, nearest } = await bestOrNearestFor(here, { workload: matmul, logFolder });
    expect(known).toBeNull();
    expect(nearest?.from.workload).toEqual(nearShape);
    expect(nearest?.from.timeNs).toBe(bestOf(await recordsIn(logFolder), nearShape).medianNs);
    expect(nearest?.artifact.kernels.length).toBeGreaterThan(0);
    const own = await bestOrNearestFor(here, { workload: nearShape, logFolder });
    expect(own.nearest).toBeNull();
    expect(own.known?.whose).toBe('same-device');
  });

  it('is nothing where no shape of the operator is known', async () => {
    const logFolder = scratchFolder();
    await tunedShapes(logFolder, here, [nearShape]);
    const softmax = makeWorkload('softmax', { shape: 'rows=4,cols=16' });
    const error = await bestOrNearestFor(here, { workload: softmax, logFolder }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(exitCode.noRecord);
    expect((error as UserError).message).not.toContain('nearest');
    await expect(
      bestOrNearestFor(here, { workload: matmul, logFolder }).then(({ nearest }) => nearest?.from.workload),
    ).resolves.toEqual(nearShape);
  });
});
