import { describe, expect, it } from 'vitest';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { candidateKey } from '../../src/search/strategy.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { createTrialEffort } from '../../src/tuner/trial-effort.ts';
import { failedRecord, makeRecord } from '../records/fixtures.ts';
import { spaceOf } from '../search/spaces.ts';
import { fakeRunner, matmul, ok, recordsIn, scratchFolder, timeOfKey, tuneWith } from './synthetic.ts';

const space = spaceOf('matmul', 'm=19,n=16,k=12');
const candidates = createRandomSearch(space, 1).propose(24);

describe('the effort of a trial', () => {
  it('orders candidates by what building them is expected to take', () => {
    const effort = createTrialEffort(space, []);
    const seconds = effort.quickFirst(candidates).map(effort.logSeconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    expect(new Set(seconds).size).toBeGreaterThan(3);
    const keys = (list: typeof candidates): string[] => list.map(candidateKey).sort();
    expect(keys(effort.quickFirst(candidates))).toEqual(keys(candidates));
  });

  it('is learnt from the builds of the run, also from one that was given up', () => {
    const [candidate] = candidates;
    if (candidate === undefined) throw new Error('the space is empty');
    const slow = createTrialEffort(space, []);
    const plain = slow.logSeconds(candidate);
    const late = {
      ...failedRecord('build-timeout', 'late'),
      phasesMs: { build: 0, verify: 0, time: 0, total: 0, ahead: 20_000 },
    };
    for (let trial = 0; trial < 8; trial++) slow.see(candidate, late);
    expect(slow.logSeconds(candidate)).toBeGreaterThan(plain + 1);
    const none = createTrialEffort(space, []);
    for (let trial = 0; trial < 8; trial++) none.see(candidate, failedRecord('refused', 'no'));
    expect(none.logSeconds(candidate)).toBe(plain);
  });

  it('is learnt from earlier records of the device, of any workload, and not from what is no workload', () => {
    const [candidate] = candidates;
    if (candidate === undefined) throw new Error('the space is empty');
    const other = spaceOf('matmul', 'm=24,n=20,k=16');
    const builds = createRandomSearch(other, 1)
      .propose(8)
      .flatMap(({ sketch, values }) => {
        const made = instantiate(other.sketches[sketch] as (typeof other.sketches)[number], values);
        if (isRefusal(made)) return [];
        const workload = {
          ...makeRecord().workload,
          params: { b: 1, m: 24, n: 20, k: 16, transpose_a: 0, transpose_b: 0 },
        };
        return [
          makeRecord({ workload, trace: made.trace, phasesMs: { build: 60_000, verify: 1, time: 1, total: 60_002 } }),
        ];
      });
    const plain = createTrialEffort(space, []).logSeconds(candidate);
    expect(createTrialEffort(space, builds).logSeconds(candidate)).toBeGreaterThan(plain + 1);
    const strange = builds.map((record) => ({ ...record, workload: { ...record.workload, params: { m: -1 } } }));
    expect(createTrialEffort(space, strange).logSeconds(candidate)).toBe(plain);
  });
});

describe('a run with recorded builds', () => {
  /** Builds whose length follows from the kernel; `factor` makes a slower compiler. */
  const runner = (factor: number) =>
    fakeRunner((_, key) => {
      const build = factor * (1 + (Number.parseInt(key.slice(8, 14), 16) % 3000));
      return { ...ok(timeOfKey(key)), phasesMs: { build, verify: 1, time: 1, total: build + 2 } };
    });

  it('tries the same candidates in the same order when it is run again', async () => {
    const runs = [await tuneWith({ logFolder: scratchFolder(), trials: 12 }, runner(1))];
    runs.push(await tuneWith({ logFolder: scratchFolder(), trials: 12 }, runner(1)));
    expect(runs[1]?.runner.measured).toEqual(runs[0]?.runner.measured);
  });

  it('foresees builds in a second workload by those of the first', async () => {
    const logFolder = scratchFolder();
    await tuneWith({ logFolder, trials: 16 }, runner(40));
    const builds = (await recordsIn(logFolder)).filter(({ origin }) => origin === 'search');
    expect(builds.length).toBeGreaterThan(8);
    const [candidate] = candidates;
    if (candidate === undefined) throw new Error('the space is empty');
    expect(createTrialEffort(space, builds).logSeconds(candidate)).toBeGreaterThan(
      createTrialEffort(space, []).logSeconds(candidate),
    );
    expect(builds.every(({ workload }) => workload.operator === matmul.operator)).toBe(true);
  });
});
