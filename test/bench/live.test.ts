import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { courseOf, winnerAfter, winnerWithin } from '../../bench/live/course.ts';
import { fractionOf, overallOf, type Reached, relativeTimes, type TimedRace } from '../../bench/live/fractions.ts';
import { keepRace, racesMissing, readRaces } from '../../bench/live/races.ts';
import {
  folderNameOf,
  heldOf,
  isLong,
  keepPart,
  type LiveRun,
  missingTrials,
  type Plan,
  runOf,
  runsOf,
  wordsOf,
} from '../../bench/live/runs.ts';
import { overallTable, workloadTable } from '../../bench/live/tables.ts';
import { givenWorkload, type LiveWorkload, liveWorkloads } from '../../bench/live/workloads.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { workloadKey } from '../../src/operators/workload.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import type { Trace } from '../../src/schedule/trace.ts';
import { failedRecord, makeRecord } from '../records/fixtures.ts';

const [first, second] = [givenWorkload('matmul m=8,n=8,k=8'), givenWorkload('softmax rows=4,cols=64')];
const plan: Plan = {
  ...{ workloads: [first, second], strategies: ['beam', 'random'], seeds: [1, 2], budgets: [16, 64] },
  ...{ plansByBudget: new Set<string>(), long: 500 },
};
const traceOf = (name: string): Trace => ({ version: 1, steps: [{ primitive: 'split', args: { loop: name } }] });
const start = Date.parse('2026-11-30T10:00:00.000Z');
const timed = (part: string, second: number, timeNs: number, changes: Partial<TuningRecord> = {}): TuningRecord =>
  makeRecord({
    ...{ run: part, id: `${part}#${second}`, startedAt: new Date(start + 1000 * second).toISOString() },
    ...{ durationMs: 500, medianNs: timeNs, samplesNs: [timeNs], trace: traceOf(`${timeNs}`) },
    ...changes,
  });

describe('the workloads of the live bench', () => {
  it('are at least eight, each of its own, which wgtune takes', () => {
    expect(liveWorkloads.length).toBeGreaterThanOrEqual(8);
    const keys = liveWorkloads.map(({ operator, shape, attributes }) =>
      workloadKey(makeWorkload(operator, { shape, attributes })),
    );
    expect(new Set(keys).size).toBe(liveWorkloads.length);
    const folders = liveWorkloads.map((workload) =>
      folderNameOf({ ...{ workload, strategy: 'beam' }, seed: 1, trials: 1 }),
    );
    expect(new Set(folders).size).toBe(liveWorkloads.length);
  });
});

describe('the runs of a plan', () => {
  it('are one per workload, strategy and seed, of the largest budget, and one long run of each workload at the end', () => {
    const runs = runsOf(plan);
    expect(runs.length).toBe(2 * 2 * 2 + 2);
    expect(runs.slice(0, 8).map(({ trials }) => trials)).toEqual(Array(8).fill(64));
    expect(runs.slice(0, 8).map(({ seed }) => seed)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(runs.slice(8).map(({ trials }) => trials)).toEqual([500, 500]);
    expect(runs.map(isLong)).toEqual([...Array(8).fill(false), true, true]);
    expect(runsOf({ ...plan, long: null }).length).toBe(8);
  });

  it('are one per budget for a strategy that plans by its number of trials', () => {
    const own = { ...plan, plansByBudget: new Set(['beam']), long: null };
    const runs = runsOf(own);
    expect(runs.length).toBe(2 * 2 * 2 + 2 * 2);
    expect(runOf(own, first, 'beam', 1, 16).trials).toBe(16);
    expect(runOf(own, first, 'random', 1, 16).trials).toBe(64);
  });

  it('go on with the trials that are missing, by the words of the command line', () => {
    const workload: LiveWorkload = { ...first, attributes: { epilogue: 'relu(x)', order: 'n,c' } };
    const run: LiveRun = { workload, strategy: 'beam', seed: 3, trials: 64 };
    expect(wordsOf(run, 7, 'lavapipe').join(' ')).toBe(
      'matmul -s m=8,n=8,k=8 --epilogue relu(x) --attr order=n,c --device lavapipe --search beam --seed 3 --trials 7 --no-reuse',
    );
  });
});

describe('a run that was cut short', () => {
  const run: LiveRun = { workload: first, strategy: 'beam', seed: 1, trials: 6 };
  const out = mkdtempSync(join(tmpdir(), 'wgtune-live-'));
  const folder = join(out, folderNameOf(run));

  it('wants all of its trials before it has begun', async () => {
    expect(missingTrials(run, await heldOf(out, run))).toBe(6);
  });

  it('keeps every finished trial, whatever its end, and loses no more than a torn line', async () => {
    mkdirSync(folder, { recursive: true });
    const records = [
      timed('a', 0, 900, { origin: 'baseline', search: null }),
      timed('a', 1, 500),
      { ...failedRecord('crash', 'gone'), run: 'a', id: 'a#2' },
      timed('a', 3, 400),
    ];
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    writeFileSync(join(folder, 'a.jsonl'), `${lines.join('')}${JSON.stringify(timed('a', 4, 300)).slice(0, 200)}`);
    const held = await heldOf(out, run);
    expect(held.records.length).toBe(4);
    expect(missingTrials(run, held)).toBe(3);
  });

  it('counts all parts, and no repetition or race as a trial', async () => {
    const race = { place: 1, of: ['a#1'], decided: true };
    for (const record of [
      timed('b', 100, 350),
      timed('b', 101, 340, { origin: 'replay', search: null }),
      timed('b', 102, 330, { race }),
    ])
      appendFileSync(join(folder, 'b.jsonl'), `${JSON.stringify(record)}\n`);
    const spentMs = { measure: 900, propose: 90, fit: 10 };
    keepPart(out, run, { elapsedMs: 1000, spentMs, stoppedBy: 'time' });
    const held = await heldOf(out, run);
    expect(held.parts).toEqual([{ elapsedMs: 1000, spentMs, stoppedBy: 'time' }]);
    expect(missingTrials(run, held)).toBe(2);
  });

  it('is over where the space has no more candidates', async () => {
    for (let part = 2; part <= 11; part++)
      keepPart(out, run, { ...{ elapsedMs: part, spentMs: { measure: 1, propose: 0, fit: 0 } }, stoppedBy: 'time' });
    keepPart(out, run, { ...{ elapsedMs: 12, spentMs: { measure: 1, propose: 0, fit: 0 } }, stoppedBy: 'exhausted' });
    const held = await heldOf(out, run);
    expect(held.parts.map(({ elapsedMs }) => elapsedMs)).toEqual([1000, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(missingTrials(run, held)).toBe(0);
  });
});

describe('the course of a run', () => {
  const race = (place: number) => ({ place, of: ['b#1', 'b#2'], decided: true });
  const records = [
    timed('b', 1000, 450),
    timed('b', 1001, 380),
    timed('b', 1003, 375, { origin: 'replay', search: null, race: race(2) }),
    timed('b', 1004, 370, { origin: 'replay', search: null, race: race(1), trace: traceOf('380') }),
    timed('a', 0, 900, { origin: 'baseline', search: null }),
    timed('a', 2, 600),
    { ...failedRecord('crash', 'gone'), run: 'a', id: 'a#x', startedAt: new Date(start + 3000).toISOString() },
    timed('a', 4, 700),
    timed('a', 5, 400),
  ];
  const course = courseOf(records, true);

  it('counts trials and seconds through its parts, in the order in which these began', () => {
    expect(course.trials).toBe(6);
    expect(course.leads.map(({ trials, seconds, timeNs }) => [trials, seconds, timeNs])).toEqual([
      [1, 2.5, 600],
      [4, 5.5, 400],
      [6, 7, 380],
    ]);
    expect(course.seconds).toBe(10);
  });

  it('tells the winner after so many trials, and within so many seconds', () => {
    expect([1, 3, 4, 5].map((trials) => winnerAfter(course, trials))).toEqual(
      ['600', '600', '400', '400'].map((name) => traceOf(name)),
    );
    expect(winnerWithin(course, 2)).toBeNull();
    expect(winnerWithin(course, 5.4)).toEqual(traceOf('600'));
    expect(winnerWithin(course, 100)).toEqual(traceOf('380'));
  });

  it("ends with the race's winner once it is over, and not before", () => {
    const other = [...records, timed('b', 1006, 600, { origin: 'replay', search: null, race: race(1) })];
    expect(winnerAfter(courseOf(other, true), 6)).toEqual(traceOf('600'));
    expect(winnerAfter(courseOf(other, false), 6)).toEqual(traceOf('380'));
    // The naive schedule may win a race; it is no kernel of the search.
    const naive = [...records, timed('b', 1006, 1, { origin: 'baseline', search: null, race: race(1) })];
    expect(courseOf(naive, true).raced).toEqual(traceOf('380'));
  });
});

describe('races', () => {
  const kernels = Array.from({ length: 12 }, (_, at) => traceOf(`${at}`));
  const key = (at: number): string => scheduleKey(kernels[at] as Trace);

  it('have every kernel once, each beside the anchor, and only those that are missing', () => {
    const races = racesMissing(kernels, []) ?? [];
    expect(races.map(({ anchor }) => anchor)).toEqual([kernels[0], kernels[0]]);
    expect(races.flatMap(({ contestants }) => contestants)).toEqual(kernels.slice(1));
    const held: TimedRace = {
      ...{ workload: 'a', day: '2026-11-30', anchor: key(3) },
      times: Object.fromEntries([3, 0, 1, 2].map((at) => [key(at), 1000 + at])),
    };
    const later = racesMissing(kernels, [held]) ?? [];
    expect(later).toEqual([{ anchor: kernels[3], contestants: kernels.slice(4) }]);
    expect(racesMissing(kernels.slice(0, 4), [held])).toEqual([]);
    expect(racesMissing([], [])).toEqual([]);
    expect(racesMissing(kernels.slice(4), [held])).toBeNull();
  });

  it('compare through the anchor, also where the machine was slower in one of them', () => {
    const base = { workload: 'a', day: '2026-11-30', anchor: key(0) };
    const times = relativeTimes([
      { ...base, times: { [key(0)]: 100, [key(1)]: 50, [key(2)]: 200 } },
      { ...base, times: { [key(0)]: 300, [key(3)]: 75 } },
      { ...base, times: { [key(1)]: 1 } },
    ]);
    expect(Object.fromEntries(times)).toEqual({ [key(0)]: 1, [key(1)]: 0.5, [key(2)]: 2, [key(3)]: 0.25 });
    expect(fractionOf(kernels[3] as Trace, times)).toBe(1);
    expect(fractionOf(kernels[2] as Trace, times)).toBe(0.125);
    expect(fractionOf(kernels[5] as Trace, times)).toBeNull();
    expect(fractionOf(null, times)).toBe(0);
  });

  it('are kept line by line, and a torn last line is left out', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'wgtune-live-')), 'races.jsonl');
    expect(readRaces(path)).toEqual([]);
    const race: TimedRace = { workload: 'a', day: '2026-11-30', anchor: key(0), times: { [key(0)]: 5 } };
    keepRace(path, race);
    appendFileSync(path, '{"workload":"a","ti');
    expect(readRaces(path)).toEqual([race]);
  });
});

describe('fractions', () => {
  const reached = (workload: string, strategy: string, fractions: readonly number[]): Reached => ({
    ...{ workload, strategy, unit: 'trials', budget: 64, fractions },
  });
  const all = [
    reached('a', 'beam', [0.9, 0.8, 1]),
    reached('a', 'random', [0.45, 0.4, 0.5]),
    reached('a', 'rank', [0.6, 0.2, 0.7]),
    reached('b', 'beam', [0.8, 0.8, 0.5]),
    reached('b', 'random', [0.8, 0.9, 0.7]),
  ];

  it('are summed up by median, worst seed, and the ratio to the best baseline of each workload', () => {
    const [beam, random] = overallOf(all, new Set(['random', 'rank']));
    expect(beam).toMatchObject({ strategy: 'beam', runs: 6, median: 0.8, worst: 0.5 });
    expect(beam?.faster?.mean).toBeCloseTo(Math.sqrt((0.9 / 0.6) * (0.8 / 0.8)));
    expect(beam?.faster?.least).toBeCloseTo(1);
    expect(random).toMatchObject({ strategy: 'random', worst: 0.4, faster: null });
    expect(overallOf(all, new Set())[0]?.faster).toBeNull();
  });

  it('stand in tables by strategy, and by workload', () => {
    expect(overallTable(overallOf(all, new Set(['random', 'rank']))).split('\n')[2]).toMatch(
      /^\| beam +\| 0\.80 \(0\.50\); 1\.22x \(1\.00x\) \|$/,
    );
    expect(workloadTable(all).split('\n')[2]).toMatch(/^\| a +\| beam +\| 3 +\| 0\.90 \(0\.80\) \|$/);
  });
});
