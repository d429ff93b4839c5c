import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceDescription } from '../src/ir/limits.ts';
import { checkedProgram } from '../src/operators/checked-program.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import type { Workload } from '../src/operators/workload.ts';
import type { TuningRecord } from '../src/records/record.ts';
import { createSampler } from '../src/search/space/sampling.ts';
import { sketchSpace } from '../src/search/space/sketch-space.ts';
import { instantiate } from '../src/space/sketch.ts';
import { createRandom } from '../src/support/random.ts';
import { isRefusal } from '../src/support/refusal.ts';
import { sketchesFor } from '../src/tuner/fits.ts';

/** Candidates of each workload: every device measures them in other orders, as searches of one space do. */
const pool = 200;
const roundOf = 8;

/**
 * Records drawn from real ones, those of version 2 that the tests keep: other workloads, devices, candidates, times and outcomes, with the accounts
 * that the first record of a round holds. Every workload was tuned on every device.
 */
export function makeLogs(logs: string, count: number): number {
  mkdirSync(logs);
  const [naive, searched, launched] = realRecords();
  const random = createRandom(1);
  const drawn = new Map<number, readonly Pick<TuningRecord, 'sketch' | 'decisions' | 'trace'>[]>();
  let bytes = 0;
  for (let first = 0, file = 0; first < count; first += 500, file++) {
    const run = `run-${String(file).padStart(6, '0')}`;
    const name = `device-${Math.floor(file / 20) % 5}`;
    const device = { ...naive.device, name, driver: `driver of ${name}` };
    const m = 16 * (1 + (file % 20));
    const workload = makeWorkload('matmul', { shape: `m=${m},n=64,k=64` });
    const candidates = drawn.get(m) ?? candidatesOf(workload, device);
    drawn.set(m, candidates);
    let text = '';
    for (let trial = 0; trial < Math.min(500, count - first); trial++) {
      const begin = Date.UTC(2026, 10, 1) + 1000 * (first + trial);
      const isNaive = trial === 0;
      const round = Math.floor((trial - 1) / roundOf);
      const base = isNaive ? naive : (trial - 1) % roundOf === 0 ? launched : searched;
      const search = base.search === null ? null : { ...base.search, round };
      const said = { id: `${run}#${trial}`, run, trial, startedAt: new Date(begin).toISOString(), seed: file };
      const made = isNaive ? {} : random.pick(candidates);
      const failed = !isNaive && random.below(20) === 0;
      const ended = failed ? failure : timesOf(base, 0.3 + 3 * random.unit());
      text += `${JSON.stringify({ ...base, ...said, workload, device, search, ...made, ...ended })}\n`;
    }
    const path = join(logs, `${run}.jsonl`);
    appendFileSync(path, text);
    bytes += statSync(path).size;
  }
  return bytes;
}

/** A record of the naive schedule, one of a search with times beside references, and one with a round's account and the run's command. */
function realRecords(): readonly [TuningRecord, TuningRecord, TuningRecord] {
  const lines = readFileSync(new URL('../test/records/versions/v2.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const records = lines.map((line) => JSON.parse(line) as TuningRecord);
  const [naive] = records;
  const searched = records.find(({ origin, relative }) => origin === 'search' && relative !== null);
  const launched = records.find(({ search }) => search?.beams !== undefined);
  if (naive === undefined || searched?.search == null || launched === undefined)
    throw new Error('not the kept records');
  const { name, model, score } = searched.search;
  return [naive, { ...searched, search: { name, model, score, round: 0 } }, launched];
}

const failure = {
  ...{ outcome: 'crash', error: 'the device process ended', verification: null, clock: null },
  ...{ samplesNs: [], medianNs: null, relative: null, references: null },
};

/** The record's times, all so many times as long. */
function timesOf({ samplesNs, medianNs, relative }: TuningRecord, factor: number): Partial<TuningRecord> {
  const scaled = (ns: number): number => ns * factor;
  const [timeNs, lowNs, highNs] = [relative?.timeNs, relative?.lowNs, relative?.highNs].map((ns) => scaled(ns ?? 0));
  return {
    samplesNs: samplesNs.map(scaled),
    medianNs: medianNs === null ? null : scaled(medianNs),
    relative: relative === null ? null : ({ ...relative, timeNs, lowNs, highNs } as TuningRecord['relative']),
  };
}

function candidatesOf(
  workload: Workload,
  device: DeviceDescription,
): readonly Pick<TuningRecord, 'sketch' | 'decisions' | 'trace'>[] {
  const program = checkedProgram(workload);
  if (isRefusal(program)) throw new Error(`${workload.operator} is not known`);
  const space = sketchSpace(sketchesFor(program, device), device);
  const sampler = createSampler(space, createRandom(1), null);
  return Array.from({ length: pool }).flatMap(() => {
    const candidate = sampler.any();
    const sketch = candidate === null ? undefined : space.sketches[candidate.sketch];
    const scheduled = candidate === null || sketch === undefined ? null : instantiate(sketch, candidate.values);
    if (candidate === null || sketch === undefined || scheduled === null || isRefusal(scheduled)) return [];
    const decisions = Object.fromEntries(
      sketch.decisions.map(({ name }, at) => [name, candidate.values[at] as number]),
    );
    return [{ sketch: sketch.name, decisions, trace: scheduled.trace }];
  });
}
