import { describe, expect, it } from 'vitest';
import type { MeasureResult } from '../../src/measure/runner.ts';
import { fakeRunner, ok, recordsIn, scratchFolder, timeOfKey, tuneWith } from './synthetic.ts';

/** Five samples close together: enough for an interval. */
const steady = (ns: number): MeasureResult => ({
  ...ok(ns),
  samplesNs: [-2, -1, 0, 1, 2].map((step) => ns * (1 + step / 1000)),
});

describe('drift', () => {
  it('measures the best kernel again every sixteen trials, by number of trials and not by time', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith(
      { logFolder, trials: 40, search: 'random' },
      fakeRunner((_, key) => steady(timeOfKey(key))),
    );
    const records = await recordsIn(logFolder);
    const replays = records.filter(({ origin }) => origin === 'replay');
    // Two during the run and one at the end, besides the naive schedule.
    expect(replays).toHaveLength(3);
    expect(result.trials).toBe(40);
    expect(result.drift).toEqual({ remeasured: 4, drifted: 0, worst: 1 });
    const firstReplay = records.findIndex(({ origin }) => origin === 'replay');
    const before = records.slice(0, firstReplay).filter(({ origin }) => origin === 'search');
    const fastest = Math.min(...before.map(({ medianNs }) => medianNs ?? Number.POSITIVE_INFINITY));
    const { medianNs, decisions } = records[firstReplay] ?? {};
    expect({ medianNs, decisions }).toMatchObject({
      medianNs: Math.min(fastest, records[0]?.medianNs ?? fastest),
    });
  });

  it('says so when the machine becomes slower during the run', async () => {
    const logFolder = scratchFolder();
    const { result, events } = await tuneWith(
      { logFolder, trials: 20, search: 'random' },
      fakeRunner((trial, key) => steady(timeOfKey(key) * (trial < 8 ? 1 : 2))),
    );
    const drifts = events.filter(({ kind }) => kind === 'drift');
    expect(drifts.length).toBeGreaterThanOrEqual(1);
    expect(drifts[0]).toMatchObject({ ratio: 2 });
    expect(result.drift).toMatchObject({ drifted: drifts.length, worst: 2 });
  });

  it('does not take noise within the samples for drift', async () => {
    const logFolder = scratchFolder();
    const { result, events } = await tuneWith(
      { logFolder, trials: 20, search: 'random' },
      fakeRunner((trial, key) => {
        const ns = timeOfKey(key) * (trial % 2 === 0 ? 1 : 1.2);
        return { ...ok(ns), samplesNs: [0.7, 0.9, 1, 1.1, 1.3].map((factor) => ns * factor) };
      }),
    );
    expect(events.filter(({ kind }) => kind === 'drift')).toEqual([]);
    expect(result.drift).toMatchObject({ drifted: 0 });
  });
});

describe('building ahead', () => {
  it('changes neither which candidates are tried, nor in which order', async () => {
    const run = async (chunk: number | null): Promise<{ tried: string[]; asked: number[] }> => {
      const logFolder = scratchFolder();
      const fake = fakeRunner();
      const asked: number[] = [];
      const create = async () => {
        const runner = await fake.create();
        if (chunk === null) return runner;
        return {
          ...runner,
          buildAhead: async (artifacts: readonly unknown[]) => {
            asked.push(artifacts.length);
            return Math.min(chunk, artifacts.length);
          },
        };
      };
      await tuneWith({ logFolder, trials: 24, seed: 3 }, { ...fake, create });
      return { tried: (await recordsIn(logFolder)).map(({ kernelHash }) => kernelHash ?? ''), asked };
    };
    const plain = await run(null);
    const [byThree, none] = [await run(3), await run(0)];
    expect(byThree.tried).toEqual(plain.tried);
    expect(none.tried).toEqual(plain.tried);
    expect(byThree.asked.length).toBeGreaterThan(1);
    expect(none.asked.length).toBeGreaterThan(byThree.asked.length);
  });
});
