import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDevice } from '../../src/device/devices.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import {
  type Rounds,
  ratioApart,
  ratioInTurn,
  recordingsApart,
  type TimeRatio,
} from '../../src/measure/sampling/ratio.ts';
import { samplesUnder, type TimedBeside } from '../../src/measure/sampling/under-quiet.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { loadRecords } from '../../src/records/log-reader.ts';
import { isVerified, type TuningRecord } from '../../src/records/record.ts';
import { timeOf } from '../../src/records/relative-time.ts';
import { scheduleKey } from '../../src/records/schedule-key.ts';
import { createRandom } from '../../src/support/random.ts';
import { artifactOf, programOf, scheduleProgram } from '../../src/tuner/build.ts';
import { tune } from '../../src/tuner/tune.ts';
import { verificationData } from '../../src/tuner/workload-data.ts';

const rounds = 25;
type Timed = TuningRecord & { readonly medianNs: number };

/** Kernels of a device that were recorded twice, and races of some of them with themselves. */
export interface LiveRecordings {
  readonly pairs: number;
  apart(change: number, at: number): TimeRatio | null;
  inTurn(change: number, at: number): TimeRatio | null;
}

/** Records the same kernels in two runs, whose candidates depend on the seed alone, and lets `races` of them race with themselves. */
export async function recordLive(
  workload: Workload,
  device: string,
  kernels: number,
  races: number,
): Promise<LiveRecordings> {
  const folder = mkdtempSync(join(tmpdir(), 'wgtune-compare-'));
  try {
    const logs: Timed[][] = [];
    for (const name of ['a', 'b']) {
      const logFolder = join(folder, name);
      await tune({
        ...{ workload, device, trials: kernels, logFolder },
        ...{ search: 'random', model: 'random', seed: 1, useKnown: false, useOthers: false },
      });
      const { records } = await loadRecords([logFolder]);
      logs.push(records.filter((each): each is Timed => isVerified(each) && !each.stoppedEarly));
    }
    const [first = [], second = []] = logs;
    const last = new Map(second.map((each) => [scheduleKey(each.trace), each]));
    const pairs = [...new Map(first.map((each) => [scheduleKey(each.trace), each]))].flatMap(([key, a]) => {
      const b = last.get(key);
      return b === undefined ? [] : [[a, b] as const];
    });
    const apart = recordingsApart(logs.flatMap(repeatsOf));
    console.error(
      `${pairs.length} kernels; repeats within the logs lie ${apart === null ? 'nobody knows how far' : `${(100 * apart).toFixed(1)}%`} apart`,
    );
    for (const [a, b] of pairs)
      console.error(
        `${timeOf(a)} ns and ${timeOf(b)} ns, ${a.samplesNs.length} and ${b.samplesNs.length} samples, calm ${a.relative?.calm} and ${b.relative?.calm}`,
      );
    const raced = await raceWithThemselves(
      workload,
      device,
      pairs.slice(0, races).map(([a]) => a),
    );
    const random = createRandom(1);
    return {
      pairs: pairs.length,
      apart: (change, at) => {
        const [a, b] = pairs[at % pairs.length] as (typeof pairs)[number];
        const options = { sameMachine: true, ...(apart === null ? {} : { apart }) };
        return ratioApart(resampled(a, 1, random), resampled(b, change, random), random, options);
      },
      inTurn: (change, at) => {
        const own = raced[at % raced.length] as readonly Rounds[];
        return ratioInTurn(
          own.map((race) => redrawn(race, change, random)),
          random,
        );
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function repeatsOf(records: readonly Timed[]): readonly (readonly number[])[] {
  const times = new Map<string, number[]>();
  for (const record of records) {
    const key = scheduleKey(record.trace);
    times.set(key, [...(times.get(key) ?? []), timeOf(record)]);
  }
  return [...times.values()].filter(({ length }) => length > 1);
}

async function raceWithThemselves(
  workload: Workload,
  name: string,
  rivals: readonly Timed[],
): Promise<readonly (readonly Rounds[])[]> {
  const device = await chooseDevice(name);
  const runner = await createDawnRunner({ device });
  try {
    await runner.prepare(verificationData(workload, programOf(workload), 1).data);
    const all: Rounds[][] = [];
    for (const { trace } of rivals) {
      const request = { artifact: artifactOf(scheduleProgram(workload, trace), device.description), bestNs: null };
      const own: Rounds[] = [];
      for (const changed of [false, true]) {
        const outcome = await runner.race?.([request, request], 15_000, rounds);
        if (outcome == null) throw new Error('no race was held');
        const [one = [], other = []] = outcome.results.map(({ samplesNs, references, relative }) =>
          samplesUnder({ samplesNs, references }, relative?.quietNs ?? null),
        );
        own.push(changed ? { a: other, b: one } : { a: one, b: other });
      }
      all.push(own);
    }
    return all;
  } finally {
    await runner.close();
  }
}

type Draw = ReturnType<typeof createRandom>;

/** A bootstrap resampling of a record, of a kernel that takes `change` times as long. */
function resampled({ samplesNs, references, relative }: TimedBeside, change: number, random: Draw): TimedBeside {
  const at = samplesNs.map(() => random.below(samplesNs.length));
  const drawn = (list: readonly number[]): number[] => at.map((index) => list[index] as number);
  return {
    samplesNs: drawn(samplesNs).map((ns) => ns * change),
    references:
      references === null ? null : { arithmetic: drawn(references.arithmetic), memory: drawn(references.memory) },
    relative,
  };
}

function redrawn({ a, b }: Rounds, change: number, random: Draw): Rounds {
  const at = a.map(() => random.below(Math.min(a.length, b.length)));
  return {
    a: at.map((round) => a[round] as Rounds['a'][number]),
    b: at.map((round) => ({ ...(b[round] as Rounds['b'][number]), ns: (b[round] as Rounds['b'][number]).ns * change })),
  };
}
