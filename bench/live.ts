/**
 * What searches find on a device, in spaces too large to be listed: workloads, strategies, seeds, and budgets in trials and seconds.
 *     npm run bench:live -- [--only 'ResNet|matmul'] [--strategies beam,annealing,evolution,rank,random] [--seeds 5] [--budgets 16,32,64,200] [--at-seconds 30,60,120]
 *         [--long 1000] [--device lavapipe] [--for 3600] [--quiet-wait 0] [--out out/live]
 * A run of a strategy is a tuning log in a folder of its own, begun with an empty cache of compiled kernels. One run of the largest budget gives all
 * smaller ones: no strategy here knows how many trials it has. Name one that does with --plans-by-budget, and each budget gets a run of its own.
 * `--for` ends after so many seconds; the same command goes on where it was, in whatever order, and no finished trial is made again.
 * Then all winners are timed in races, each with the workload's anchor in it; the best known is the fastest of all of them, the winner of one run of
 * `--long` trials included (`--long 0`: none). `--races-only` holds races and writes tables of the runs there are, `--no-races` makes runs only.
 * `--workload 'matmul m=64,n=64,k=64'` names others than those of `live/workloads.ts`. Writes README.md and runs.csv.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { median } from '../src/measure/sampling/statistics.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { isVerified } from '../src/records/record.ts';
import { timeOf } from '../src/records/relative-time.ts';
import { scheduleKey } from '../src/records/schedule-key.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { type Course, courseOf, winnerAfter, winnerWithin } from './live/course.ts';
import { fractionOf, overallOf, type Reached, relativeTimes } from './live/fractions.ts';
import { keepRace, racesMissing, readRaces } from './live/races.ts';
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
  trialsOf,
  wordsOf,
} from './live/runs.ts';
import { overallTable, workloadTable } from './live/tables.ts';
import { givenWorkload, type LiveWorkload, liveWorkloads } from './live/workloads.ts';
import { markdownOrigin } from './markdown.ts';
import { tuneRun } from './noise/tune-run.ts';
import { timedInTurn } from './timed-in-turn.ts';

const raceMs = 20_000;
/** Starting a run, its race and its last trial take about this long beyond its time limit. */
const closingSeconds = 20;
const leastSeconds = 10;
/** Kernels of the long run and of each other run that are looked at for the best known. */
const fastestOfRun = 3;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    workload: { type: 'string', multiple: true },
    strategies: { type: 'string', default: 'beam,annealing,evolution,rank,random' },
    baselines: { type: 'string', default: 'annealing,evolution,rank,bayesian,random' },
    'plans-by-budget': { type: 'string', default: '' },
    seeds: { type: 'string', default: '5' },
    'first-seed': { type: 'string', default: '1' },
    budgets: { type: 'string', default: '16,32,64,200' },
    'at-seconds': { type: 'string', default: '30,60,120' },
    long: { type: 'string', default: '1000' },
    device: { type: 'string', default: 'lavapipe' },
    for: { type: 'string' },
    'quiet-wait': { type: 'string' },
    'races-only': { type: 'boolean', default: false },
    'no-races': { type: 'boolean', default: false },
    out: { type: 'string', default: 'out/live' },
  },
});
const numbers = (text: string): number[] =>
  text
    .split(',')
    .filter((part) => part !== '')
    .map(Number);
const pattern = new RegExp(flags.only);
const plan: Plan = {
  workloads: (flags.workload?.map(givenWorkload) ?? liveWorkloads).filter(({ title, operator, shape }) =>
    pattern.test(`${title} ${operator} ${shape}`),
  ),
  strategies: flags.strategies.split(','),
  seeds: Array.from({ length: Number(flags.seeds) }, (_, at) => Number(flags['first-seed']) + at),
  budgets: numbers(flags.budgets).sort((a, b) => a - b),
  plansByBudget: new Set(flags['plans-by-budget'].split(',')),
  long: Number(flags.long) === 0 ? null : Number(flags.long),
};
const atSeconds = numbers(flags['at-seconds']);
const racesFile = join(flags.out, 'races.jsonl');
const begun = performance.now();
const secondsLeft = (): number => Number(flags.for ?? Number.POSITIVE_INFINITY) - (performance.now() - begun) / 1000;
/** Why a strategy cannot search a workload, in its own sentence. */
const impossible = new Map<string, string>();

/** Goes on with a run until it has its trials or the time is over. */
async function goOn(run: LiveRun): Promise<void> {
  const missing = missingTrials(run, await heldOf(flags.out, run));
  const limit = secondsLeft() - closingSeconds;
  if (missing === 0 || limit < leastSeconds) return;
  const words = [
    ...wordsOf(run, missing, flags.device),
    ...(Number.isFinite(limit) ? ['--time-limit', limit.toFixed(0)] : []),
    ...(flags['quiet-wait'] === undefined ? [] : ['--quiet-wait', flags['quiet-wait']]),
  ];
  const folder = folderNameOf(run);
  try {
    const { result } = tuneRun(words, null, { isCold: true, keepLog: resolve(flags.out, folder) });
    keepPart(flags.out, run, result);
    console.error(`${folder}: ${result.trials} of ${missing} trials in ${(result.elapsedMs / 1000).toFixed(0)} s`);
  } catch (error) {
    const sentence = (error as Error).message.trim().split('\n').at(-1) as string;
    impossible.set(`${run.workload.title}, ${run.strategy}`, sentence);
    console.error(`${folder}: ${sentence}`);
  }
}

interface Made {
  readonly run: LiveRun;
  readonly course: Course;
  readonly searchShare: number | null;
  /** The fastest kernels of its log. */
  readonly fastest: readonly { readonly trace: Trace; readonly timeNs: number }[];
}

async function made(run: LiveRun): Promise<Made> {
  const held = await heldOf(flags.out, run);
  const { records, parts } = held;
  const elapsed = parts.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const searching = parts.reduce((sum, { spentMs }) => sum + spentMs.propose + spentMs.fit, 0);
  const timed = trialsOf(records).flatMap((record) =>
    isVerified(record) ? [{ trace: record.trace as Trace, timeNs: timeOf(record) }] : [],
  );
  return {
    ...{
      run,
      course: courseOf(records, missingTrials(run, held) === 0),
      searchShare: elapsed === 0 ? null : searching / elapsed,
    },
    fastest: timed.sort((a, b) => a.timeNs - b.timeNs).slice(0, fastestOfRun),
  };
}

/** Every kernel that has to be timed for a workload, each once, fastest first by what the logs say. */
function kernelsOf(own: readonly Made[]): readonly Trace[] {
  const fastest = own.flatMap((one) => one.fastest).sort((a, b) => a.timeNs - b.timeNs);
  const winners = own.flatMap(({ course }) => [
    ...plan.budgets.map((budget) => winnerAfter(course, budget)),
    ...atSeconds.map((seconds) => winnerWithin(course, seconds)),
    course.raced,
  ]);
  const all = [...fastest.map(({ trace }) => trace), ...winners.filter((trace) => trace !== null)];
  return [...new Map(all.map((trace) => [scheduleKey(trace), trace])).values()];
}

async function holdRaces(workload: LiveWorkload, own: readonly Made[]): Promise<void> {
  const held = readRaces(racesFile).filter((race) => race.workload === workload.title);
  const missing = racesMissing(kernelsOf(own), held);
  if (missing === null)
    throw new Error(`${racesFile} has races of ${workload.title} of other runs; name another --out`);
  const { operator, shape, attributes } = workload;
  for (const { anchor, contestants } of missing) {
    if (secondsLeft() < closingSeconds + raceMs / 1000) return;
    const traces = [anchor, ...contestants];
    const times = await timedInTurn(device, makeWorkload(operator, { shape, attributes }), traces, raceMs);
    keepRace(racesFile, {
      ...{ workload: workload.title, day: new Date().toISOString().slice(0, 10), anchor: scheduleKey(anchor) },
      times: Object.fromEntries(traces.map((trace, at) => [scheduleKey(trace), (times[at] as number) * 1e6])),
    });
  }
}

function report(all: readonly Made[]): string {
  const races = readRaces(racesFile);
  const reached: Reached[] = [];
  const rows: (string | number)[][] = [];
  for (const workload of plan.workloads) {
    const times = relativeTimes(races.filter((race) => race.workload === workload.title));
    for (const strategy of plan.strategies) {
      const madeOf = (seed: number, budget: number): Made | undefined => {
        const folder = folderNameOf(runOf(plan, workload, strategy, seed, budget));
        return all.find(({ run }) => folderNameOf(run) === folder);
      };
      const add = (
        unit: Reached['unit'],
        budget: number,
        seeds: readonly (readonly [number, Made, Trace | null])[],
      ) => {
        const fractions = seeds.flatMap(([seed, { course, searchShare }, winner]) => {
          const fraction = fractionOf(winner, times);
          if (fraction === null) return [];
          const known = winner === null ? '' : scheduleKey(winner);
          rows.push([
            ...[workload.title, strategy, seed, unit, budget, fraction.toFixed(4), known],
            ...[course.trials, course.seconds.toFixed(1), searchShare?.toFixed(3) ?? ''],
          ]);
          return [fraction];
        });
        if (fractions.length > 0) reached.push({ workload: workload.title, strategy, unit, budget, fractions });
      };
      // A run counts with the budgets that it has come to.
      for (const budget of plan.budgets)
        add(
          'trials',
          budget,
          plan.seeds.flatMap((seed) => {
            const one = madeOf(seed, budget);
            const isThere = one !== undefined && (one.course.trials >= budget || one.course.raced !== null);
            return isThere ? [[seed, one, winnerAfter(one.course, budget)] as const] : [];
          }),
        );
      for (const seconds of atSeconds)
        add(
          's',
          seconds,
          plan.seeds.flatMap((seed) => {
            const one = madeOf(seed, Math.max(...plan.budgets));
            const isThere = one !== undefined && (one.course.seconds >= seconds || one.course.raced !== null);
            return isThere ? [[seed, one, winnerWithin(one.course, seconds)] as const] : [];
          }),
        );
    }
  }
  const overall = overallOf(reached, new Set(flags.baselines.split(',')));
  const shares = all.flatMap(({ run, searchShare }) => (isLong(run) ? [] : (searchShare ?? [])));
  const notes = [
    'Fractions of the best known: medians of the seeds, the worst seed in brackets; over workloads and seeds in the first table. "x": how many times faster than the best baseline, geometric mean and least over workloads.',
    'Smaller budgets are the first trials of a run of the largest one: the winner then is the kernel that its log held for the fastest, and no race was held. The winner of a whole run is that of its race.',
    `Seconds are from a run's first record on. Search and learning: ${((median(shares) ?? 0) * 100).toFixed(1)}% of the time in the median run.`,
    ...[...impossible].map(([what, why]) => `${what}: ${why}`),
  ];
  const text = `${overallTable(overall)}\n\n${workloadTable(reached)}\n\n${notes.map((note) => `- ${note}\n`).join('')}`;
  const { name, driver } = device.description;
  writeFileSync(
    join(flags.out, 'README.md'),
    `# What searches find in large spaces\n\n${markdownOrigin('npm run bench:live')}\nDevice: ${name}, ${driver}.\n\n${text}`,
  );
  const header = ['workload', 'strategy', 'seed', 'unit', 'budget', 'fraction', 'schedule'];
  writeFileSync(
    join(flags.out, 'runs.csv'),
    stringify([[...header, "run's trials", "run's seconds", "search's share"], ...rows]),
  );
  return text;
}

const device = await chooseDevice(flags.device);
mkdirSync(flags.out, { recursive: true });
const runs = runsOf(plan);
if (!flags['races-only']) for (const run of runs) await goOn(run);
const all = await Promise.all(runs.map(made));
if (!flags['no-races'])
  for (const workload of plan.workloads)
    await holdRaces(
      workload,
      all.filter(({ run }) => run.workload === workload),
    );
console.log(report(all));
process.exit(0);
