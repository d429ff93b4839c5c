import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDevice } from '../../src/device/devices.ts';
import type { Artifact } from '../../src/ir/artifact.ts';
import { createDawnRunner } from '../../src/measure/dawn-runner.ts';
import { budgetInTurn } from '../../src/measure/sampling/budget.ts';
import { ratioApart, recordingsApart, type TimeRatio } from '../../src/measure/sampling/ratio.ts';
import { type InTurn, racesInTurn, tellInTurn } from '../../src/measure/sampling/ratio-in-turn.ts';
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

type Timed = TuningRecord & { readonly medianNs: number };

/** Kernels of a device that were recorded twice, and races of some of them. */
export interface LiveRecordings {
  readonly pairs: number;
  apart(change: number, at: number): TimeRatio | null;
  inTurn(change: number, at: number): Promise<TimeRatio | null>;
}

/**
 * Records the same kernels in two runs, whose candidates depend on the seed alone, and lets the `raced` fastest of them race with themselves and with
 * what takes 5% longer, in so many races each.
 */
export async function recordLive(
  workload: Workload,
  device: string,
  kernels: number,
  raced: number,
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
    const fastest = [...pairs].sort(([a], [b]) => timeOf(a) - timeOf(b));
    const banks = await bankOf(
      workload,
      device,
      fastest.slice(0, raced).map(([a]) => a),
      races,
    );
    const random = createRandom(1);
    return {
      pairs: pairs.length,
      apart: (change, at) => {
        const [a, b] = pairs[at % pairs.length] as (typeof pairs)[number];
        const options = { sameMachine: true, ...(apart === null ? {} : { apart }) };
        return ratioApart(resampled(a, 1, random), resampled(b, change, random), random, options);
      },
      inTurn: (change, at) => stretchOf(banks[at % banks.length] as Bank, change, random),
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

/** Races of one kernel with itself, and with itself and one run in twenty more, in either order of places. */
interface Bank {
  readonly same: readonly InTurn[];
  readonly slower: readonly InTurn[];
}

async function bankOf(
  workload: Workload,
  name: string,
  rivals: readonly Timed[],
  races: number,
): Promise<readonly Bank[]> {
  const device = await chooseDevice(name);
  const runner = await createDawnRunner({ device, budget: budgetInTurn(device.description.type), quietWait: 0 });
  const hold = async (one: Artifact, other: Artifact, first: 'a' | 'b'): Promise<InTurn> => {
    const requests = (first === 'a' ? [one, other] : [other, one]).map((artifact) => ({ artifact, bestNs: null }));
    const outcome = await runner.race?.(requests, 15_000, racesInTurn.rounds);
    if (outcome == null) throw new Error('no race was held');
    const [here = [], there = []] = outcome.results.map(({ samplesNs, references, relative }) =>
      samplesUnder({ samplesNs, references }, relative?.quietNs ?? null),
    );
    return first === 'a' ? { a: here, b: there, first } : { a: there, b: here, first };
  };
  try {
    await runner.prepare(verificationData(workload, programOf(workload), 1).data);
    const banks: Bank[] = [];
    for (const { trace } of rivals) {
      const artifact = artifactOf(scheduleProgram(workload, trace), device.description);
      const runs = (times: number): Artifact => ({
        ...artifact,
        kernels: Array.from({ length: times }, () => artifact.kernels).flat(),
      });
      const bank = { same: [] as InTurn[], slower: [] as InTurn[] };
      for (let race = 0; race < races; race++) {
        const first = race % 2 === 0 ? 'a' : 'b';
        bank.same.push(await hold(runs(20), runs(20), first));
        bank.slower.push(await hold(runs(20), runs(21), first));
      }
      banks.push(bank);
    }
    return banks;
  } finally {
    await runner.close();
  }
}

/** The comparison of a stretch of a bank's races that begins anywhere; its end goes on at its beginning. */
async function stretchOf({ same, slower }: Bank, change: number, random: Draw): Promise<TimeRatio | null> {
  const held = change === 1 ? same : slower;
  const begins = 2 * random.below(held.length / 2);
  let at = begins;
  const { ratio } = await tellInTurn(
    async () => {
      const { a, b, first } = held[at++ % held.length] as InTurn;
      // What is slower in one order is faster in the other.
      return change >= 1 ? { a, b, first } : { a: b, b: a, first: first === 'a' ? 'b' : 'a' };
    },
    () => false,
  );
  return ratio;
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
