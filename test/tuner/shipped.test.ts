import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { shippedHeads, shippedLogName } from '../../src/records/shipped.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { bestOrNearestFor } from '../../src/tuner/best-or-nearest.ts';
import { makeDevice } from '../records/fixtures.ts';
import { fakeRunner, matmul, recordsIn, scratchFolder, tuneWith } from './synthetic.ts';

const here = makeDevice({ name: 'here' });
const kin = makeDevice({ name: 'kin', driver: 'Mesa 26.1.0' });

const nearShape = makeWorkload('matmul', { shape: 'm=19,n=16,k=24' });

/** A folder of shipped logs with one run on a device. */
async function shipped(device: typeof here, workload = matmul): Promise<string> {
  const [raw, folder] = [scratchFolder(), scratchFolder()];
  await tuneWith({ workload, logFolder: raw, trials: 8, shippedLogs: null }, fakeRunner(undefined, device), device);
  const [file] = readdirSync(raw) as [string];
  writeFileSync(join(folder, shippedLogName(device.name, workload)), gzipSync(readFileSync(join(raw, file))));
  return folder;
}

describe('logs that ship with wgtune', () => {
  it('give the first schedules of a run, also where their device is the same, and no time', async () => {
    const shippedLogs = await shipped(here);
    const logFolder = scratchFolder();
    const { result, events } = await tuneWith({ logFolder, trials: 8, shippedLogs }, fakeRunner(undefined, here), here);
    expect(events.filter(({ kind }) => kind === 'known')).toEqual([]);
    expect(result.reuse).toMatchObject({ devices: ['here'], measured: 4 });
    const records = await recordsIn(logFolder);
    expect(records.filter(({ origin }) => origin === 'transfer').length).toBe(4);
    expect(readdirSync(shippedLogs).length).toBe(1);
  });

  it('are left alone where reuse or they themselves are unwanted', async () => {
    const shippedLogs = await shipped(here);
    for (const options of [
      { shippedLogs: null },
      { shippedLogs, useOthers: false },
      { shippedLogs, useKnown: false },
    ]) {
      const { result } = await tuneWith(
        { logFolder: scratchFolder(), trials: 4, ...options },
        fakeRunner(undefined, here),
        here,
      );
      expect(result.reuse).toBeNull();
    }
  });

  it('teach a run of another shape on a device of the same architecture', async () => {
    const shippedLogs = await shipped(kin, nearShape);
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 12, shippedLogs },
      fakeRunner(undefined, here),
      here,
    );
    expect(result.learning?.sources.map(({ name }) => name)).toEqual([
      'other shapes of matmul on kin (Mesa 26.1.0), of logs that ship',
      'what is known of machines',
    ]);
    expect(result.learning?.neighbours).toEqual(Array(3).fill(expect.stringContaining('m=19 n=16 k=24')));
    for (const options of [{ shippedLogs: null }, { shippedLogs, useOthers: false }]) {
      const { result: untaught } = await tuneWith(
        { logFolder: scratchFolder(), trials: 4, ...options },
        fakeRunner(undefined, here),
        here,
      );
      expect(untaught.learning).toBeNull();
    }
  });

  it('teach nothing to another kind of device, and what is no log is passed over', async () => {
    const shippedLogs = await shipped(makeDevice({ architecture: 'another', device: 'another' }), nearShape);
    writeFileSync(join(shippedLogs, shippedLogName('torn', matmul)), gzipSync('{"version":2,"id":').subarray(0, 20));
    expect(shippedHeads('matmul', shippedLogs).map(({ workload }) => workload)).toEqual([nearShape]);
    expect(shippedHeads('conv2d', shippedLogs)).toEqual([]);
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 4, shippedLogs },
      fakeRunner(undefined, here),
      here,
    );
    expect(result.learning).toBeNull();
  });

  it('give the best kernel where the own logs have none, and say whose it is', async () => {
    const shippedLogs = await shipped(here);
    const best = await bestKernelFor(here, { workload: matmul, logFolder: scratchFolder(), shippedLogs });
    expect(best).toMatchObject({ whose: 'same-device', shipped: true });
    expect(best.place?.file).toContain(shippedLogs);
    const none = bestKernelFor(here, { workload: matmul, logFolder: scratchFolder(), shippedLogs: null });
    await expect(none).rejects.toThrow(/there is no record of matmul/);
  });

  it('give the nearest shape where nobody tuned this one', async () => {
    const options = { workload: matmul, logFolder: scratchFolder() };
    const { nearest } = await bestOrNearestFor(here, { ...options, shippedLogs: await shipped(kin, nearShape) });
    expect(nearest?.from).toMatchObject({ workload: nearShape, device: { name: 'kin' } });
    await expect(bestOrNearestFor(here, { ...options, shippedLogs: null })).rejects.toThrow(/there is no record/);
  });

  it('stand behind own records of a device as near, and before those of one further away', async () => {
    const shippedLogs = await shipped(here);
    const [own, other] = [scratchFolder(), scratchFolder()];
    await tuneWith({ logFolder: own, trials: 3, shippedLogs: null }, fakeRunner(undefined, here), here);
    await tuneWith({ logFolder: other, trials: 3, shippedLogs: null }, fakeRunner(undefined, kin), kin);
    const bestOf = (logFolder: string) => bestKernelFor(here, { workload: matmul, logFolder, shippedLogs });
    expect((await bestOf(own)).shipped).toBe(false);
    expect((await bestOf(other)).shipped).toBe(true);
  });
});
