/**
 * What logs of other workloads are worth: each workload is tuned cold with many trials and, in a log of its own, with few that learn from the logs that
 * ship with wgtune, or from others; these must not hold it. The best of the first, 8 and 16 trials of both are timed in turn with the best of all cold ones.
 *     node --import tsx bench/learning.ts [--from logs/] [--device lavapipe] [--trials 16] [--cold 64] [--only pattern] [--part cold|taught|race] [--seconds 220] [--out out/learning]
 * `--shape "matmul m=80,n=320,k=240"` names a workload, as often as you like, instead of those below. Everything measured stays in the output folder, and
 * the same command goes on where it was, so that it can run in pieces: it begins nothing that `--seconds` leave no time for. Prints one row a workload and their means.
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { geometricMean } from '../src/measure/sampling/statistics.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { type Workload, workloadKey } from '../src/operators/workload.ts';
import { ranRight } from '../src/records/outcome.ts';
import { isVerified } from '../src/records/record.ts';
import { timeOf } from '../src/records/relative-time.ts';
import { scheduleKey } from '../src/records/schedule-key.ts';
import { shippedLogsOf } from '../src/records/shipped.ts';
import { markdownTable } from '../src/report/table.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { mean } from '../src/search/recorded/curve.ts';
import { loadKnown } from '../src/tuner/known.ts';
import { tune } from '../src/tuner/tune.ts';
import { markdownOrigin } from './markdown.ts';
import { timedInTurn } from './timed-in-turn.ts';

const usual: readonly string[] = [
  'matmul m=80,n=320,k=240',
  'conv2d c=48,oc=48,h=20,w=20,kh=3,kw=3,pad=1',
  'depthwise_conv2d c=60,h=20,w=20,kh=3,kw=3,pad=1',
  'layer_norm rows=96,cols=320',
  'softmax rows=96,cols=320',
  'conv2d c=96,oc=160,h=14,w=14,kh=1,kw=1',
  'matmul m=1,n=1024,k=1536',
  'depthwise_conv2d c=240,h=14,w=14,kh=5,kw=5,pad=2',
  'conv2d c=32,oc=64,h=28,w=28,kh=3,kw=3,stride=2,pad=1',
  'attention h=8,m=96,n=96,d=48,dv=48',
];
const raceMs = 15_000;
const rounds = 32;
/** Seconds that the end of a run or a race takes at most. */
const endSeconds = 25;

const { values: flags } = parseArgs({
  options: {
    from: { type: 'string', multiple: true },
    shape: { type: 'string', multiple: true },
    device: { type: 'string', default: 'lavapipe' },
    trials: { type: 'string', default: '16' },
    cold: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    part: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: join('out', 'learning') },
  },
});
const begun = performance.now();
const left = (): number =>
  flags.seconds === undefined
    ? Number.POSITIVE_INFINITY
    : Number(flags.seconds) - (performance.now() - begun) / 1000 - endSeconds;

type Side = 'cold' | 'taught';

/** The best schedules of a run's first trials, and of all. */
interface Run {
  readonly bests: Readonly<Record<'1' | '8' | '16' | 'all', Trace | null>>;
  readonly trials: number;
  readonly seconds: number;
  readonly weights: string;
}

interface Wanted {
  readonly text: string;
  readonly workload: Workload;
  readonly folder: string;
}

/** The trials of a log in order, each schedule once, and the best of them after 1, 8, 16 and all. */
async function bestsIn(folder: string, workload: Workload): Promise<Pick<Run, 'bests' | 'trials'>> {
  const { records } = await loadKnown(folder, workload, device.description);
  const trials = new Map<string, { readonly trace: Trace; readonly timeNs: number; readonly ran: boolean }>();
  for (const record of [...records].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
    const key = scheduleKey(record.trace);
    if (record.origin === 'baseline' || trials.has(key)) continue;
    trials.set(key, {
      trace: record.trace,
      timeNs: isVerified(record) ? timeOf(record) : Number.POSITIVE_INFINITY,
      // A disturbed machine leaves some kernels without a time that a run may go by; the race still tells how fast they are.
      ran: ranRight(record),
    });
  }
  const inOrder = [...trials.values()];
  const best = (count: number): Trace | null =>
    inOrder
      .slice(0, count)
      .filter(({ timeNs }) => timeNs < Number.POSITIVE_INFINITY)
      .sort((a, b) => a.timeNs - b.timeNs)[0]?.trace ?? null;
  return {
    bests: {
      1: inOrder[0]?.ran === true ? inOrder[0].trace : null,
      8: best(8),
      16: best(16),
      all: best(inOrder.length),
    },
    trials: inOrder.length,
  };
}

function read<T>(path: string): T | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null;
}

/** A run as it is kept, else made or gone on with; null where there is no time left. */
async function run(side: Side, { text, workload, folder }: Wanted): Promise<Run | null> {
  const path = join(folder, `${side}.json`);
  const kept = read<Run>(path);
  if (kept !== null || (flags.part !== undefined && flags.part !== side)) return kept;
  const logFolder = join(folder, side);
  // What a run learned is a part of it: one that was interrupted begins anew.
  if (side === 'taught') rmSync(logFolder, { recursive: true, force: true });
  mkdirSync(logFolder, { recursive: true });
  const trials = Number(side === 'cold' ? flags.cold : flags.trials);
  const before = (await bestsIn(logFolder, workload)).trials;
  const secondsPath = join(folder, `${side}.seconds`);
  const spent = Number(read<number>(secondsPath) ?? 0);
  if (left() < 10) return null;
  const timeLimit = Number.isFinite(left()) ? { timeLimit: left() } : {};
  const elsewhere =
    side === 'cold'
      ? { shippedLogs: null, useOthers: false }
      : flags.from === undefined
        ? {}
        : { shippedLogs: null, learnFrom: flags.from };
  const { device: name, seed } = flags;
  const tuned = await tune({
    ...{ workload, device: name, trials: trials - before, seed: Number(seed), logFolder, quietWait: 0 },
    ...{ ...timeLimit, ...elsewhere },
  });
  const seconds = spent + tuned.elapsedMs / 1000;
  writeFileSync(secondsPath, JSON.stringify(seconds));
  const found = await bestsIn(logFolder, workload);
  console.error(`${text}: ${side}, ${found.trials} trials, ${seconds.toFixed(0)} s, ended by ${tuned.stoppedBy}`);
  if (tuned.stoppedBy === 'time') return null;
  const weights = (tuned.learning?.sources ?? []).map(({ name: of, weight }) => `${of}: ${weight?.toFixed(2)}`);
  const all = tuned.best?.trace ?? found.bests.all;
  const made: Run = {
    ...found,
    bests: { ...found.bests, all, ...(side === 'taught' ? { 16: all } : {}) },
    ...{ seconds, weights: weights.join('; ') },
  };
  writeFileSync(path, JSON.stringify(made));
  return made;
}

const columns = ['cold 1', 'cold 8', 'cold 16', 'taught 1', 'taught 8', 'taught 16'] as const;
type Column = (typeof columns)[number];

/** Milliseconds by column, and of the best of all cold trials; null where a column has no kernel. */
interface Raced {
  readonly bestMs: number;
  readonly ms: Readonly<Record<Column, number | null>>;
}

async function raceOf(wanted: Wanted, cold: Run, taught: Run): Promise<Raced | null> {
  const path = join(wanted.folder, 'race.json');
  const kept = read<Raced>(path);
  if (kept !== null) return kept;
  if (left() < 0) return null;
  const traces = columns.map((column) => {
    const [side, count] = column.split(' ') as [Side, '1' | '8' | '16'];
    return (side === 'cold' ? cold : taught).bests[count];
  });
  const first = cold.bests.all;
  if (first === null) throw new Error(`no kernel of ${wanted.text} came to an end`);
  const there = traces.filter((trace) => trace !== null);
  const times = await timedInTurn(device, wanted.workload, [first, ...there], raceMs, rounds);
  const ms = Object.fromEntries(
    columns.map((column, at) => {
      const trace = traces[at] ?? null;
      return [column, trace === null ? null : (times[1 + there.indexOf(trace)] as number)];
    }),
  ) as Raced['ms'];
  const raced: Raced = { bestMs: times[0] as number, ms };
  writeFileSync(path, JSON.stringify(raced));
  return raced;
}

const device = await chooseDevice(flags.device);
const pattern = new RegExp(flags.only);
const all = (flags.shape ?? usual).map((text): Wanted => {
  const [operator = '', shape = ''] = text.split(' ');
  const workload = makeWorkload(operator, { shape });
  if (shippedLogsOf(workload).length > 0) throw new Error(`${text} is in the logs that ship`);
  return { text, workload, folder: join(flags.out, `${operator}-${workloadKey(workload)}`) };
});
const rows: { readonly text: string; readonly cold: Run; readonly taught: Run; readonly raced: Raced }[] = [];
for (const wanted of all.filter(({ text }) => pattern.test(text))) {
  const cold = await run('cold', wanted);
  const taught = await run('taught', wanted);
  if (cold === null || taught === null || (flags.part !== undefined && flags.part !== 'race')) continue;
  const raced = await raceOf(wanted, cold, taught);
  if (raced !== null) rows.push({ text: wanted.text, cold, taught, raced });
}

/** The time of the best of all cold trials over a column's. */
const share = ({ bestMs, ms }: Raced, column: Column): number => (ms[column] === null ? 0 : bestMs / ms[column]);
const header = ['workload', 'best ms', ...columns, 'cold s', 'taught s', 'weights'];
const table = rows.map(({ text, cold, taught, raced }) => [
  ...[text, raced.bestMs.toFixed(4), ...columns.map((column) => share(raced, column).toFixed(3))],
  ...[cold.seconds.toFixed(0), taught.seconds.toFixed(0), taught.weights],
]);
if (rows.length > 0) {
  writeFileSync(join(flags.out, 'runs.csv'), stringify([header, ...table]));
  const meanBy = (of: (numbers: readonly number[]) => number, column: Column): string =>
    of(rows.map(({ raced }) => share(raced, column))).toFixed(3);
  const text = markdownTable(header.slice(0, -1), [
    ...table.map((row) => row.slice(0, -1)),
    ['mean', '', ...columns.map((column) => meanBy(mean, column)), '', ''],
    ['geometric mean', '', ...columns.map((column) => meanBy(geometricMean, column)), '', ''],
  ]);
  writeFileSync(join(flags.out, 'README.md'), `${markdownOrigin('bench/learning.ts')}\n\n${text}`);
  console.log(text);
}
console.error(`${rows.length} of ${all.length} workloads are done`);
