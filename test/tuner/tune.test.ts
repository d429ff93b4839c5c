import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactKey } from '../../src/ir/artifact.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { isFault, replay } from '../../src/schedule/replay.ts';
import { UserError } from '../../src/support/errors.ts';
import { bestKernelFor } from '../../src/tuner/best-kernel.ts';
import { artifactOf, programOf } from '../../src/tuner/build.ts';
import type { TuneEvent } from '../../src/tuner/events.ts';
import { tuneOn } from '../../src/tuner/tune.ts';
import { makeDevice } from '../records/fixtures.ts';
import { failed, fakeRunner, matmul, ok, recordsIn, scratchFolder, timeOfKey, tuneWith } from './synthetic.ts';

const identity = (record: TuningRecord): string => JSON.stringify([record.sketch, record.decisions]);

describe('a tuning run', () => {
  it('records the naive schedule, every trial, and both sides of the ratio once more; each record replays to the kernel that was measured', async () => {
    const logFolder = scratchFolder();
    const { result, runner } = await tuneWith({ logFolder, trials: 12, seed: 5 });
    const records = await recordsIn(logFolder);
    expect(result.trials).toBe(12);
    expect(result.stoppedBy).toBe('trials');
    expect(records.map((record) => record.trial)).toEqual([...Array(15).keys()]);
    const origins = ['baseline', ...Array(12).fill('search'), 'baseline', 'replay'];
    expect(records.map((record) => record.origin)).toEqual(origins);
    expect(new Set(records.map((record) => record.id)).size).toBe(15);
    records.forEach((record, i) => {
      expect(isVerified(record)).toBe(true);
      expect(record).toMatchObject({ workload: matmul, device: makeDevice(), seed: 5, outcome: 'ok', refusal: null });
      const program = replay(programOf(matmul), record.trace as Parameters<typeof replay>[1]);
      if (isFault(program)) throw new Error('the trace does not replay');
      expect(artifactKey(artifactOf(program, makeDevice()))).toBe(runner.measured[i]);
      if (record.origin === 'search') expect(record.search).toMatchObject({ name: 'beam', model: 'analytic' });
    });
    expect(runner.state).toEqual({ made: 1, closed: 1, prepared: 1 });
  });

  it('says in the first record of each round what early pruning did before it, which sums up to what the run reports', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith({ logFolder, trials: 12, search: 'beam' });
    const records = (await recordsIn(logFolder)).filter(({ origin }) => origin === 'search');
    const first = records.map(({ search }, at) => search?.round !== records[at - 1]?.search?.round);
    expect(records.map(({ search }) => search?.pruned !== undefined)).toEqual(first);
    expect(first.filter((isFirst) => isFirst).length).toBe(2);
    expect(records.map(({ search }) => search?.beams !== undefined && search.spentMs !== undefined)).toEqual(first);
    const rounds = records.flatMap(({ search }) => search?.pruned ?? []);
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    const { looked, judged, reasons, cut } = result.pruned;
    expect(sum(rounds.map((round) => round.looked))).toBe(looked);
    expect(sum(rounds.map((round) => round.judged))).toBe(judged);
    expect(judged).toBeGreaterThan(sum(cut.map(({ count }) => count)));
    for (const { reason, count } of reasons)
      expect(sum(rounds.flatMap((round) => round.refused[reason] ?? []))).toBe(count);
    expect(cut.length).toBeGreaterThan(0);
    for (const { reason, count, depths } of cut) {
      expect(sum(rounds.flatMap((round) => round.cut[reason] ?? []))).toBe(count);
      expect(sum(depths)).toBe(count);
    }
  });

  it('says in its first record alone how it was started and what space it searched', async () => {
    const logFolder = scratchFolder();
    const command = ['wgtune', 'tune', 'matmul'];
    await tuneWith({ logFolder, trials: 2, timeLimit: 60, search: 'random', command });
    const [first, ...others] = (await recordsIn(logFolder)).map(({ tool }) => tool.launch);
    expect(first).toMatchObject({ command, trials: 2, timeLimitMs: 60_000, patience: null, search: 'random' });
    expect(first?.sketches.length).toBeGreaterThan(0);
    for (const { decisions, size } of first?.sketches ?? []) {
      expect(decisions).toBeGreaterThan(0);
      expect(size).toBeGreaterThan(decisions);
    }
    expect(new Set(others)).toEqual(new Set([undefined]));
  });

  it('takes the faster of two times of the naive schedule and of the best', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith(
      { logFolder, trials: 3 },
      fakeRunner((trial) => ok([9000, 500, 400, 700, 8000, 350][trial] as number)),
    );
    expect(result).toMatchObject({ naiveNs: 8000, best: { timeNs: 350 } });
    const records = await recordsIn(logFolder);
    expect(result.best?.record).toBe(records[5]?.id);
    expect(records[5]).toMatchObject({ sketch: records[2]?.sketch, decisions: records[2]?.decisions });
  });

  it('takes the naive schedule for the best when its second time is the fastest of all, as the log does', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith(
      { logFolder, trials: 3 },
      fakeRunner((trial) => ok([9000, 500, 400, 700, 300, 450][trial] as number)),
    );
    expect(result).toMatchObject({ naiveNs: 300, speedup: 1, best: { timeNs: 300, sketch: null } });
    const best = await bestKernelFor(makeDevice(), { workload: matmul, logFolder });
    expect(best.record).toBe(result.best?.record);
  });

  it('finds the fastest of what it measured, the naive schedule included', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith({ logFolder });
    const records = await recordsIn(logFolder);
    const fastest = Math.min(...records.map((record) => record.medianNs as number));
    expect(result.best?.timeNs).toBe(fastest);
    expect(result.best?.record).toBe(records.find((record) => record.medianNs === fastest)?.id);
    expect(result.naiveNs).toBe(records[0]?.medianNs);
    expect(result.speedup).toBe((records[0]?.medianNs as number) / fastest);
    expect(result.flopsPerSecond).toBeCloseTo((2 * 19 * 16 * 12 * 1e9) / fastest, 3);
    expect(result.bestFromLog).toBe(false);
    expect(result.logPath).toBe(join(logFolder, `${records[0]?.run}.jsonl`));
  });

  it('ends when as many trials as its patience brought nothing', async () => {
    // Every kernel takes longer than the one before, so that only the first can be a gain.
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 40, patience: 3 },
      fakeRunner((trial) => ok(1000 + trial)),
    );
    expect(result).toMatchObject({ stoppedBy: 'patience', trials: 3 });
  });

  it('keeps the naive schedule when nothing beats it', async () => {
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 4 },
      fakeRunner((trial) => ok(trial === 0 ? 500 : 1000 + trial)),
    );
    expect(result.best).toMatchObject({ timeNs: 500, sketch: null, decisions: {} });
    expect(result.speedup).toBe(1);
  });

  it('tells what happens, in order', async () => {
    const { events } = await tuneWith({ logFolder: scratchFolder(), trials: 10 });
    const kinds = events.map((event) => event.kind);
    expect(kinds.slice(0, 3)).toEqual(['device', 'space', 'baseline']);
    expect(kinds.filter((kind) => kind === 'trial').length).toBe(10);
    // Eight trials to begin with, then the rest; after the last round there is nothing to learn for.
    expect(kinds.indexOf('learned')).toBe(3 + 8);
    expect(kinds.at(-1)).toBe('trial');
    const trials = events.flatMap((event) => (event.kind === 'trial' ? [event] : []));
    expect(trials.map((event) => event.trial)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const event of trials) {
      expect(event).toMatchObject({ of: 10, outcome: 'ok', error: '' });
      expect(event.bestNs).toBeLessThanOrEqual(event.timeNs as number);
      expect(event.improved).toBe(event.bestNs === event.timeNs);
    }
    expect(trials.at(-1)?.remainingMs).toBe(0);
  });

  it('gives the same trajectory for the same seed and another for another seed', async () => {
    const trajectory = async (seed: number): Promise<string[]> => {
      const logFolder = scratchFolder();
      await tuneWith({ logFolder, seed });
      return (await recordsIn(logFolder)).map(identity);
    };
    const first = await trajectory(1);
    expect(await trajectory(1)).toEqual(first);
    expect(await trajectory(2)).not.toEqual(first);
  });
});

describe('what is known', () => {
  it('is where a second run starts, and is not measured again', async () => {
    const logFolder = scratchFolder();
    const first = await tuneWith({ logFolder });
    const second = await tuneWith({ logFolder });
    const records = await recordsIn(logFolder);
    const searched = records.filter((record) => record.origin === 'search').map(identity);
    expect(searched.length).toBe(24);
    expect(new Set(searched).size).toBe(24);
    expect(records.filter((record) => record.origin !== 'search').length).toBe(3);
    expect(second.events.find((event) => event.kind === 'known')).toEqual({
      kind: 'known',
      records: 15,
      candidates: 12,
      bestNs: first.result.best?.timeNs,
      naiveNs: first.result.naiveNs,
    });
    expect(second.events.find((event) => event.kind === 'baseline')).toMatchObject({ fromLog: true });
    expect(second.result.best?.timeNs).toBeLessThanOrEqual(first.result.best?.timeNs as number);
    expect(second.result.naiveNs).toBe(first.result.naiveNs);
  });

  it('stays the best when the second run finds nothing faster', async () => {
    const logFolder = scratchFolder();
    const first = await tuneWith({ logFolder });
    const { result } = await tuneWith(
      { logFolder, trials: 4 },
      fakeRunner(() => ok(1e9)),
    );
    expect(result.best).toEqual(first.result.best);
    expect(result.bestFromLog).toBe(true);
  });

  it('counts failures as known: they are not tried again', async () => {
    const logFolder = scratchFolder();
    const slow = makeWorkload('reduce_sum', { shape: 'rows=3,cols=5' });
    const first = await tuneWith(
      { logFolder, workload: slow, trials: 500 },
      fakeRunner((trial, key) => (trial > 0 && trial % 2 === 0 ? failed('crash', 'killed') : ok(timeOfKey(key)))),
    );
    expect(first.result.stoppedBy).toBe('exhausted');
    const second = await tuneWith({ logFolder, workload: slow, trials: 500 });
    expect(second.result).toMatchObject({ stoppedBy: 'exhausted', trials: 0, logPath: null, bestFromLog: true });
    expect(second.runner.measured).toEqual([]);
    expect(readdirSync(logFolder).length).toBe(1);
  });

  it('of another workload or another device is not taken', async () => {
    const logFolder = scratchFolder();
    await tuneWith({ logFolder });
    const other = makeDevice({ driver: 'Mesa 26.1.0' });
    const elsewhere = await tuneWith({ logFolder }, fakeRunner(undefined, other), other);
    expect(elsewhere.events.some((event) => event.kind === 'known')).toBe(false);
    const workload = makeWorkload('matmul', { shape: 'm=19,n=16,k=13' });
    const larger = await tuneWith({ logFolder, workload });
    expect(larger.events.some((event) => event.kind === 'known')).toBe(false);
  });

  it('is passed over when the caller asks for a fresh start', async () => {
    const logFolder = scratchFolder();
    await tuneWith({ logFolder });
    const again = await tuneWith({ logFolder, useKnown: false });
    expect(again.events.some((event) => event.kind === 'known')).toBe(false);
    expect(again.runner.measured.length).toBe(15);
  });

  it('survives a torn last line, and a broken line is reported and passed over', async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith({ logFolder });
    const text = readFileSync(result.logPath as string, 'utf8');
    appendFileSync(result.logPath as string, text.slice(0, 700));
    writeFileSync(join(logFolder, '0.jsonl'), 'not a record\n');
    const again = await tuneWith({ logFolder });
    expect(again.events.find((event) => event.kind === 'known')).toMatchObject({ records: 15, candidates: 12 });
    const notes = again.events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
    expect(notes).toEqual([expect.stringContaining('0.jsonl:1: ')]);
  });
});

describe('a run ends', () => {
  it('after the trial at hand when it is aborted, and loses none', async () => {
    const logFolder = scratchFolder();
    const abort = new AbortController();
    const { result, runner } = await tuneWith(
      { logFolder, trials: 50, signal: abort.signal },
      fakeRunner((trial, key) => {
        if (trial === 3) abort.abort();
        return ok(timeOfKey(key));
      }),
    );
    expect(result).toMatchObject({ stoppedBy: 'interrupted', trials: 3 });
    expect((await recordsIn(logFolder)).length).toBe(4);
    expect(runner.state.closed).toBe(1);
  });

  // Seconds, not tenths: on a busy machine the first candidate alone takes tenths to propose and lower.
  it('when its time is up', { timeout: 60_000 }, async () => {
    const logFolder = scratchFolder();
    const { result } = await tuneWith(
      { logFolder, trials: 500, timeLimit: 4 },
      fakeRunner(async (_, key) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return ok(timeOfKey(key));
      }),
    );
    expect(result.stoppedBy).toBe('time');
    expect(result.trials).toBeGreaterThan(0);
    expect(result.trials).toBeLessThan(20);
    const searched = (await recordsIn(logFolder)).filter((record) => record.origin === 'search');
    expect(searched.length).toBe(result.trials);
  });

  it('at once when its time is nothing, with the naive schedule measured', async () => {
    const { result } = await tuneWith({ logFolder: scratchFolder(), timeLimit: 0 });
    expect(result).toMatchObject({ stoppedBy: 'time', trials: 0 });
    expect(result.naiveNs).toBeGreaterThan(0);
  });
});

describe('what candidates do wrong costs one trial each', () => {
  it('and the run goes on', async () => {
    const logFolder = scratchFolder();
    const bad = ['crash', 'run-timeout', 'wrong-answer', 'build-error', 'build-timeout', 'device-lost'] as const;
    const { result } = await tuneWith(
      { logFolder, trials: 10 },
      fakeRunner((trial, key) => {
        const outcome = bad[trial - 1];
        return outcome === undefined ? ok(timeOfKey(key)) : failed(outcome, `planted ${outcome}`);
      }),
    );
    expect(result.outcomes).toEqual({ ok: 7, ...Object.fromEntries(bad.map((outcome) => [outcome, 1])) });
    const records = await recordsIn(logFolder);
    expect(records.slice(1, 7).map((record) => [record.outcome, record.error])).toEqual(
      bad.map((outcome) => [outcome, `planted ${outcome}`]),
    );
    expect(records.every((record) => record.outcome === 'ok' || record.medianNs === null)).toBe(true);
  });

  it('even when the naive schedule itself fails each time: there is then no ratio', async () => {
    const { result, events } = await tuneWith(
      { logFolder: scratchFolder(), trials: 5 },
      fakeRunner((trial, key) => (trial === 0 || trial === 6 ? failed('run-timeout', 'too slow') : ok(timeOfKey(key)))),
    );
    expect(result).toMatchObject({ naiveNs: null, speedup: null, trials: 5 });
    expect(result.best).not.toBeNull();
    expect(events.find((event) => event.kind === 'baseline')).toMatchObject({ outcome: 'run-timeout', timeNs: null });
  });

  it('one at a time where none may end: by the peaks the naive schedule is not run, and no trial is drawn at random', async () => {
    const logFolder = scratchFolder();
    const workload = makeWorkload('matmul', { shape: 'm=256,n=256,k=256' });
    const { create, measured } = fakeRunner(() => failed('run-timeout', 'took longer than 100 ms'));
    const events: TuneEvent[] = [];
    await tuneOn(
      { description: makeDevice() },
      create,
      { workload, logFolder, trials: 3, trialTimeout: 0.1, model: 'analytic', onEvent: (event) => events.push(event) },
      async () => ({ flopsPerNs: 1, bytesPerNs: 1, lanes: 1 }),
    );
    expect(measured.length).toBe(3);
    expect(events.filter(({ kind }) => kind === 'note')).toEqual([
      { kind: 'note', message: expect.stringMatching(/naive schedule is estimated at/) },
    ]);
    const records = await recordsIn(logFolder);
    expect(records.map(({ search }) => search?.round)).toEqual([0, 1, 2]);
    expect(records.every(({ search }) => typeof search?.score === 'number')).toBe(true);
  });

  it('and when all fail there is no best', async () => {
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 5 },
      fakeRunner(() => failed('wrong-answer', 'C[7] is 3, expected 1')),
    );
    expect(result).toMatchObject({ best: null, naiveNs: null, speedup: null, flopsPerSecond: null });
  });

  it('a fast time with a wrong answer never becomes the best', async () => {
    const wrong = { ...ok(1), verification: { checked: 304, wrong: 3, maxError: 1 } };
    const { result } = await tuneWith(
      { logFolder: scratchFolder(), trials: 5 },
      fakeRunner((trial, key) => (trial === 2 ? wrong : ok(timeOfKey(key)))),
    );
    expect(result.best?.timeNs).toBeGreaterThan(1);
  });
});

describe('before any work', () => {
  const nothingDone = { made: 0, closed: 0, prepared: 0 };

  it('a log folder that cannot be written is said so', async () => {
    const file = join(scratchFolder(), 'file');
    writeFileSync(file, '');
    for (const logFolder of [file, join(file, 'below'), '/proc/wgtune']) {
      const runner = fakeRunner();
      await expect(tuneWith({ logFolder }, runner)).rejects.toThrow(UserError);
      expect([logFolder, runner.state]).toEqual([logFolder, nothingDone]);
    }
  });

  it('a shape too large for the device is said so', async () => {
    const runner = fakeRunner();
    const workload = makeWorkload('matmul', { shape: 'm=8192,n=8192,k=1' });
    await expect(tuneWith({ logFolder: scratchFolder(), workload }, runner)).rejects.toThrow(
      /C takes 268435456 bytes, but lavapipe binds at most 134217728 bytes/,
    );
    expect(runner.state).toEqual(nothingDone);
  });

  it('f16 on a device without it is said so', async () => {
    const runner = fakeRunner();
    const workload = makeWorkload('matmul', { shape: 'm=8,n=8,k=8', dtype: 'f16' });
    await expect(tuneWith({ logFolder: scratchFolder(), workload }, runner)).rejects.toThrow(
      /no shader-f16; use --dtype f32/,
    );
    expect(runner.state).toEqual(nothingDone);
  });
});

describe('a runner', () => {
  it('that cannot be made leaves no log behind', async () => {
    const logFolder = scratchFolder();
    const runner = { ...fakeRunner(), create: async () => Promise.reject(new UserError('no device')) };
    await expect(tuneWith({ logFolder }, runner)).rejects.toThrow('no device');
    expect(readdirSync(logFolder)).toEqual([]);
  });

  it('that breaks down in the middle is closed, and what was recorded stays', async () => {
    const logFolder = scratchFolder();
    const runner = fakeRunner((trial, key) => {
      if (trial === 4) throw new UserError('the device is gone');
      return ok(timeOfKey(key));
    });
    await expect(tuneWith({ logFolder }, runner)).rejects.toThrow('the device is gone');
    expect(runner.state.closed).toBe(1);
    expect((await recordsIn(logFolder)).length).toBe(4);
  });
});
