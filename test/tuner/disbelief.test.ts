import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecords } from '../../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { loadKnown } from '../../src/tuner/known.ts';
import { makeDevice } from '../records/fixtures.ts';
import { failed, fakeRunner, matmul, ok, recordsIn, scratchFolder, timeOfKey, tuneWith } from './synthetic.ts';

const device = makeDevice();

/** A folder with one log of a tuning run, and a function that changes its records. */
async function tunedLog(): Promise<{
  readonly logFolder: string;
  readonly path: string;
  readonly records: TuningRecord[];
}> {
  const logFolder = scratchFolder();
  await tuneWith({ logFolder, trials: 8 });
  const [name] = readdirSync(logFolder) as [string];
  const path = join(logFolder, name);
  return { logFolder, path, records: [...(await loadRecords([path])).records] };
}

function write(path: string, records: readonly TuningRecord[]): void {
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

/** The two fastest records of different schedules, fastest first, and their places in the log. */
function fastestOf(records: readonly TuningRecord[]): readonly { readonly at: number; readonly ns: number }[] {
  const seen = new Set<string>();
  return records
    .map((record, at) => ({
      at,
      ns: isVerified(record) ? record.medianNs : Number.NaN,
      key: JSON.stringify(record.trace),
    }))
    .filter(({ ns }) => !Number.isNaN(ns))
    .sort((a, b) => a.ns - b.ns)
    .filter(({ key }) => !seen.has(key) && seen.add(key));
}

const timed = (record: TuningRecord, ns: number): TuningRecord => ({
  ...record,
  medianNs: ns,
  samplesNs: [ns, ns, ns],
});

describe('a record that cannot be right', () => {
  it('of 1 ns is doubted at once: the next best is told, and the doubted one named with file and line', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [first, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    write(
      path,
      records.map((record, at) => (at === second.at ? timed(record, 1) : record)),
    );
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best).toMatchObject({ timeNs: first.ns, doubt: null, place: { file: path, line: first.at + 1 } });
    expect(best.passedOver).toMatchObject([{ file: path, line: second.at + 1, medianNs: 1 }]);
    expect(best.passedOver[0]?.why).toMatch(/^doubted: no device runs a kernel in less than/);
    expect((await loadKnown(logFolder, matmul, device)).best?.record.medianNs).toBe(first.ns);
  });

  it('whose median was edited alone is doubted by its samples', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [first, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    write(
      path,
      records.map((record, at) => (at === second.at ? { ...record, medianNs: first.ns / 2 } : record)),
    );
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best.timeNs).toBe(first.ns);
    expect(best.passedOver[0]?.why).toMatch(/^doubted: its median of .* is not among its samples/);
  });

  it('is measured again by the next run before anything else, and refuted in the log', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [first, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    const forged = records[second.at] as TuningRecord;
    write(
      path,
      records.map((record, at) => (at === second.at ? timed(record, 1) : record)),
    );
    const { result, events } = await tuneWith({ logFolder, trials: 1 });
    expect(result.best?.timeNs).toBeLessThanOrEqual(first.ns);
    expect(result.best?.timeNs).toBeGreaterThan(100);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'passed-over' }));
    expect(events).toContainEqual(expect.objectContaining({ kind: 'disbelieved', record: forged.id, timeNs: 1 }));
    const refuting = (await recordsIn(logFolder)).filter(({ refutes }) => refutes !== null);
    expect(refuting).toMatchObject(
      [
        { origin: 'replay', medianNs: second.ns, refutes: { record: forged.id, reason: /measured again it takes/ } },
      ].map((wanted) => ({
        ...wanted,
        refutes: { record: wanted.refutes.record, reason: expect.stringMatching(wanted.refutes.reason) },
      })),
    );
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best.timeNs).toBe(result.best?.timeNs);
    expect(best.passedOver[0]?.why).toMatch(
      /^refuted: measured again it takes \d+ ns, .* times as long \(.*jsonl:\d+\)$/,
    );
    // Once refuted, the record is not measured again by the next run.
    const again = await tuneWith({ logFolder, trials: 1 });
    expect(again.events.filter(({ kind }) => kind === 'disbelieved')).toEqual([]);
  });

  it('far ahead of all others is measured again too, though no bound forbids its time', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    write(
      path,
      records.map((record, at) => (at === second.at ? timed(record, 101) : record)),
    );
    expect((await bestKernelFor(device, { workload: matmul, logFolder })).timeNs).toBe(101);
    const { result } = await tuneWith({ logFolder, trials: 1 });
    expect(result.best?.timeNs).toBeGreaterThan(101);
    expect((await bestKernelFor(device, { workload: matmul, logFolder })).timeNs).toBe(result.best?.timeNs);
  });

  it('is not refuted by a machine on which everything takes that much longer', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    write(
      path,
      records.map((record, at) => (at === second.at ? timed(record, second.ns / 9) : record)),
    );
    const slow = fakeRunner((trial, key) => ok(20 * (trial === 1 ? second.ns / 9 : timeOfKey(key))));
    await tuneWith({ logFolder, trials: 1 }, slow);
    expect((await recordsIn(logFolder)).filter(({ refutes }) => refutes !== null)).toEqual([]);
  });

  it('is refuted by a wrong answer, and not by a device that is lost', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [first, second] = fastestOf(records) as [{ at: number; ns: number }, { at: number; ns: number }];
    const forged = records.map((record, at) => (at === second.at ? timed(record, 1) : record));
    for (const [outcome, refuted] of [
      ['device-lost', false],
      ['wrong-answer', true],
    ] as const) {
      write(path, forged);
      const runner = fakeRunner((trial, key) => (trial === 1 ? failed(outcome, 'x') : ok(timeOfKey(key))));
      await tuneWith({ logFolder, trials: 1 }, runner);
      const all = await recordsIn(logFolder);
      expect(all.some(({ refutes }) => refutes?.record === forged[second.at]?.id)).toBe(refuted);
      expect((await bestKernelFor(device, { workload: matmul, logFolder })).timeNs).toBeLessThanOrEqual(first.ns);
      for (const name of readdirSync(logFolder))
        if (join(logFolder, name) !== path) writeFileSync(join(logFolder, name), '');
    }
  });

  it('is the best all the same where there is no other, and says that it is doubted', async () => {
    const { logFolder, path, records } = await tunedLog();
    write(
      path,
      records.slice(0, 1).map((record) => timed(record, 3)),
    );
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best.timeNs).toBe(3);
    expect(best.doubt).toMatch(/no device runs a kernel in less than/);
    expect(best.passedOver).toEqual([]);
  });
});

describe('a record that makes no kernel here', () => {
  it('is passed over with file and line: its trace is illegal, or it is of other limits', async () => {
    const { logFolder, path, records } = await tunedLog();
    const [first] = fastestOf(records) as [{ at: number; ns: number }];
    const illegal = timed(records[first.at] as TuningRecord, first.ns / 2);
    const step = { primitive: 'unroll', args: { loop: 'nowhere' } };
    write(path, [
      ...records,
      { ...illegal, id: 'illegal', trace: { version: 1, steps: [...illegal.trace.steps, step] } },
    ]);
    const best = await bestKernelFor(device, { workload: matmul, logFolder });
    expect(best.timeNs).toBe(first.ns);
    expect(best.passedOver).toMatchObject([{ file: path, line: records.length + 1, record: 'illegal' }]);
    expect(best.passedOver[0]?.why).toMatch(/^illegal: step \d+ of the schedule: .*nowhere/);
    const { result, events } = await tuneWith({ logFolder, trials: 1 });
    expect(result.best?.record).not.toBe('illegal');
    expect(events).toContainEqual(expect.objectContaining({ kind: 'passed-over' }));
    // A relative of the device that takes smaller workgroups.
    const small = makeDevice({ driver: 'other', limits: { ...device.limits, maxComputeInvocationsPerWorkgroup: 64 } });
    const { passedOver, artifact } = await bestKernelFor(small, { workload: matmul, logFolder });
    const invocations = artifact.kernels.map(({ workgroupSize: [x, y, z] }) => x * y * z);
    expect(Math.max(...invocations)).toBeLessThanOrEqual(64);
    expect(passedOver.every(({ why }) => /^(illegal|no kernel on lavapipe)/.test(why))).toBe(true);
    const tiny = makeDevice({ driver: 'other', limits: { ...device.limits, maxComputeInvocationsPerWorkgroup: 1 } });
    await expect(bestKernelFor(tiny, { workload: matmul, logFolder })).rejects.toThrow(
      /^no record of matmul .* makes a kernel on lavapipe: .*\.jsonl:\d+ is .*, and \d+ more; tune it here$/,
    );
  });
});

describe('records of a newer version', () => {
  it('are told in one sentence with their number, file and version, by the best and by a run alike', async () => {
    const { logFolder, path } = await tunedLog();
    const newer = readFileSync(path, 'utf8').replaceAll('{"version":2,"id"', '{"version":7,"id"');
    const lines = newer.trim().split('\n').length;
    writeFileSync(path, newer);
    const sentence = `${path}:1: from here on ${lines} records are of version 7, and this wgtune reads up to 2; update wgtune`;
    await expect(bestKernelFor(device, { workload: matmul, logFolder })).rejects.toThrow(
      `there is no record of matmul b=1 m=19 n=16 k=12 transpose_a=0 transpose_b=0 f32 in ${logFolder} that can be read (${sentence}); tune it first`,
    );
    const { events } = await tuneWith({ logFolder, trials: 1 });
    expect(events.filter(({ kind }) => kind === 'note')).toEqual([{ kind: 'note', message: sentence }]);
    // Now one record can be read; the lines that it was chosen without are still reported.
    expect((await bestKernelFor(device, { workload: matmul, logFolder })).broken).toEqual([sentence]);
  });
});
