import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job, Outcome } from '../../bench/search/job.ts';
import { playAll } from '../../bench/search/workers.ts';
import { createRandomModel } from '../../src/cost-model/random-model.ts';
import { type KernelSpace, readKernelSpace, writeKernelSpace } from '../../src/search/recorded/kernel-space.ts';
import { makeRecordedSpace, type ParameterValue } from '../../src/search/recorded/recorded-space.ts';
import { replayKernelSpace } from '../../src/search/recorded/replayed-sketches.ts';
import { replaySpace } from '../../src/search/recorded/replayed-space.ts';
import { enumerateCandidates } from '../../src/search/space/enumeration.ts';
import { createBeamSearch } from '../../src/search/strategies/beam.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { UserError } from '../../src/support/errors.ts';
import { programOf } from '../../src/tuner/build.ts';
import { makeDevice } from '../records/fixtures.ts';
import { matmul } from '../tuner/synthetic.ts';
import { spaceOf } from './spaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (values: Record<string, ParameterValue>, timeNs: number | null) => ({
  values: new Map(Object.entries(values)),
  samplesNs: timeNs === null ? [] : [timeNs],
  timeNs,
  failure: timeNs === null ? 'RuntimeFailedConfig' : null,
});

const mixed = replaySpace(
  makeRecordedSpace(
    'mixed',
    ['tile', 'how', 'fast', 'one'],
    [
      row({ tile: 4, how: 'b', fast: true, one: 1 }, 30),
      row({ tile: 4, how: 'a', fast: true, one: 1 }, 10),
      row({ tile: 4, how: 'c', fast: false, one: 1 }, null),
      row({ tile: 8, how: 'a', fast: false, one: 1 }, 20),
    ],
  ),
);

describe('a recorded space as a space to search', () => {
  it('has the parameters as decisions in their order, and as legal prefixes those that a row continues', () => {
    const [sketch] = mixed.space.sketches;
    expect(sketch?.decisions.map(({ options }) => options)).toEqual([[4, 8], [0, 1, 2], [0, 1], [1]]);
    const pruner = sketch?.createPruner();
    const legal = (...values: number[]): boolean => pruner?.check(Float64Array.from(values)) === null;
    expect([legal(8, NaN, NaN, NaN), legal(8, 1, NaN, NaN), legal(4, 2, 1, NaN), legal(4, 2, 0, 1)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('answers with the times of the rows, null for failures', () => {
    const listed = enumerateCandidates(mixed.space) ?? [];
    expect(listed.map(({ values }) => values)).toEqual([
      [4, 0, 1, 1],
      [4, 1, 1, 1],
      [4, 2, 0, 1],
      [8, 0, 0, 1],
    ]);
    expect(listed.map(mixed.timeOf)).toEqual([10, 30, null, 20]);
    expect([mixed.bestNs, mixed.size]).toEqual([10, 4]);
  });

  it('shows a model the parameters and their products: names one by one, constants not at all', () => {
    const numbers = replaySpace(
      makeRecordedSpace(
        'numbers',
        [],
        [
          row({ a: 2, b: 3, c: 'x', d: 5 }, 1),
          row({ a: 4, b: 7, c: 'y', d: 5 }, 1),
          row({ a: 4, b: 7, c: 'z', d: 5 }, 1),
        ],
      ),
    );
    expect(numbers.space.columns).toBe(6);
    const out = new Float32Array(6);
    const extractor = numbers.space.sketches[0]?.createExtractor();
    extractor?.extract(Float64Array.of(4, 7, 1, 5), out, 0);
    expect([...out]).toEqual([4, 7, 0, 1, 0, 28]);
    extractor?.extract(Float64Array.of(4, NaN, NaN, NaN), out, 0);
    expect([...out]).toEqual([4, NaN, NaN, NaN, NaN, NaN]);
  });

  it.each([[[row({}, 5)]], [[row({ a: 1 }, null)]], [[row({ a: 1 }, 5)]]])(
    'is searched to its end however small: %j',
    (rows) => {
      const tiny = replaySpace(makeRecordedSpace('tiny', [], rows));
      const strategy = createBeamSearch(tiny.space, { seed: 1, model: createRandomModel(1) });
      expect(strategy.propose(5).length).toBe(rows.length);
      expect(strategy.propose(5)).toEqual([]);
    },
  );
});

/** 6 x 6 x 4 points with cliffs and failures. */
function landscape(): string {
  const cache: Record<string, object> = {};
  for (const x of [1, 2, 4, 8, 12, 16])
    for (const y of [1, 2, 3, 4, 5, 6])
      for (const z of ['p', 'q', 'r', 's']) {
        const time = 1 + (x - 8) ** 2 + 3 * Math.abs(y - 4) + (z === 'q' ? 0 : 5) + (x === 12 ? 50 : 0);
        cache[`${x},${y},${z}`] = { x, y, z, time: x * y > 80 ? 'InvalidConfig' : time, times: [2 * time, time, time] };
      }
  return JSON.stringify({ tune_params_keys: ['x', 'y', 'z'], tune_params: {}, cache });
}

describe('the bench of searches', () => {
  it('makes the same decisions, byte for byte, on one worker and on two', { timeout: 300_000 }, async () => {
    const path = join(folder, 'landscape.cache.json');
    writeFileSync(path, landscape());
    const jobs = ['auto', 'beam', 'rank', 'annealing', 'evolution', 'random', 'grid'].flatMap((strategy) =>
      [1, 2].map((seed): Job => ({ space: path, strategy, seed, trials: 40, batch: null, host: null })),
    );
    const played = async (workers: number): Promise<string> => {
      const outcomes = await playAll(jobs, workers, () => {});
      return JSON.stringify(outcomes.map(({ job, curve, decisions }: Outcome) => [job, curve, decisions]));
    };
    const one = await played(1);
    expect(await played(2)).toBe(one);
    const parsed = JSON.parse(one) as [Job, number[], string][];
    expect(
      new Set(
        parsed.map(([{ strategy, seed }, , decisions]) =>
          strategy === 'grid' ? strategy : `${strategy} ${seed} ${decisions}`,
        ),
      ).size,
    ).toBe(13);
    for (const [{ strategy }, curve] of parsed) if (strategy === 'auto') expect(curve.at(-1)).toBe(1);
  });
});

describe('a recorded space of ours', () => {
  const sketches = sketchesOf(programOf(matmul));
  const full = spaceOf('matmul', 'm=19,n=16,k=12');
  const first = full.sketches[0] as (typeof full.sketches)[number];
  const picked = createBeamSearch(full, { seed: 1, model: createRandomModel(1) })
    .propose(20)
    .filter(({ sketch }) => sketch === 0);
  const recorded: KernelSpace = {
    recordedAt: '2026-01-01T00:00:00.000Z',
    tool: '0.1.0',
    workload: matmul,
    device: makeDevice(),
    sketches: [
      { name: first.name, decisions: first.decisions.map(({ name, options }) => ({ name, options: [...options] })) },
    ],
    rows: picked.map(({ values }, at) =>
      at === 0
        ? { s: 0, v: [...values], t: [], o: 'wrong-answer' as const }
        : { s: 0, v: [...values], t: [300, 100 + at, 100] },
    ),
  };

  it('is read as it was written', async () => {
    const path = join(folder, 'deep', 'ours.space.json.gz');
    await writeKernelSpace(path, recorded);
    expect(await readKernelSpace(path)).toEqual(recorded);
  });

  it('is searched with our features; a prefix is legal where a row continues it', () => {
    const replayed = replayKernelSpace('ours', recorded, sketches);
    const listed = enumerateCandidates(replayed.space) ?? [];
    expect(listed.map(({ values }) => values.join()).sort()).toEqual(picked.map(({ values }) => values.join()).sort());
    expect(replayed.timeOf({ sketch: 0, values: picked[0]?.values ?? [] })).toBeNull();
    expect(replayed.timeOf({ sketch: 0, values: picked[3]?.values ?? [] })).toBe(103);
    expect(replayed.bestNs).toBe(101);
    expect(replayed.space.columns).toBe(full.columns);
  });

  it('gives the neutral value to a decision that is newer than the space', () => {
    const late = first.decisions.flatMap(({ before }, at) => (before === undefined ? [] : [at]));
    const neutral = picked.filter(({ values }) => late.every((at) => values[at] === first.decisions[at]?.before));
    expect(late.length * neutral.length).toBeGreaterThan(0);
    const older = <T>(list: readonly T[]): T[] => list.filter((_, at) => !late.includes(at));
    const old: KernelSpace = {
      ...recorded,
      sketches: recorded.sketches.map((sketch) => ({ ...sketch, decisions: older(sketch.decisions) })),
      rows: neutral.map(({ values }, at) => ({ s: 0, v: older(values), t: [100 + at] })),
    };
    const replayed = replayKernelSpace('ours', old, sketches);
    expect(neutral.map(replayed.timeOf)).toEqual(neutral.map((_, at) => 100 + at));
    expect(replayed.space.sketches[0]?.decisions[late[0] as number]?.options.length).toBe(1);
  });

  it('is refused where the sketches have changed', () => {
    const [sketch] = recorded.sketches;
    const other = {
      ...recorded,
      sketches: [{ name: sketch?.name ?? '', decisions: sketch?.decisions.slice(1) ?? [] }],
    };
    expect(() => replayKernelSpace('ours', other, sketches)).toThrow(UserError);
  });

  it.each([
    ['not gzip', Buffer.from('{}')],
    ['another format', gzipSync('{"format":"x"}')],
    [
      'a row of another length',
      gzipSync(JSON.stringify({ format: 'wgtune-space', version: 1, ...recorded, rows: [{ s: 0, v: [1], t: [5] }] })),
    ],
  ])('says what is wrong with %s', async (_, bytes) => {
    const path = join(folder, 'broken.space.json.gz');
    writeFileSync(path, bytes);
    await expect(readKernelSpace(path)).rejects.toThrow(/broken.space.json.gz: \S/);
    await expect(readKernelSpace(path)).rejects.toThrow(UserError);
  });
});
