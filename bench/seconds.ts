/**
 * Whether the best kernel of a minute is as good as the best of 64 trials of an earlier version, however long those took; and what a trial costs.
 *     node --import tsx bench/seconds.ts --earlier folder [--device lavapipe] [--seconds 60] [--trials 64] [--same-time] [--seed 1] [--only pattern] [--workload 'operator shape'] [--out out/seconds]
 * `--earlier` names a checkout of the earlier version (with its modules). Every run begins with an empty cache of compiled kernels, in a process of
 * its own. With --same-time the earlier version has as many seconds, too. The two winners are timed in turn. What was measured stays in the output folder: a run that was cut short goes on where it was, and a
 * run of the earlier version is not made again. Workloads are none of those with which costs of building were fitted.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { geometricMean } from '../src/measure/sampling/statistics.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { markdownTable } from '../src/report/table.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { markdownOrigin } from './markdown.ts';
import { tuneRun } from './noise/tune-run.ts';
import { timedInTurn } from './timed-in-turn.ts';

const workloads: readonly string[] = [
  'conv2d c=64,oc=64,h=56,w=56,kh=3,kw=3,pad=1',
  'conv2d c=256,oc=64,h=28,w=28,kh=1,kw=1',
  'conv2d c=64,oc=128,h=28,w=28,kh=3,kw=3,stride=2,pad=1',
  'conv2d c=160,oc=160,h=7,w=7,kh=3,kw=3,pad=1',
  'conv2d c=3,oc=24,h=128,w=128,kh=3,kw=3,stride=2,pad=1',
  'depthwise_conv2d c=144,h=28,w=28,kh=3,kw=3,pad=1',
  'depthwise_conv2d c=96,h=28,w=28,kh=5,kw=5,stride=2,pad=2',
  'conv1d c=80,oc=96,l=300,k=3,pad=1',
  'matmul m=197,n=384,k=384',
  'softmax rows=384,cols=384',
];
const raceMs = 12_000;

const { values: flags } = parseArgs({
  options: {
    earlier: { type: 'string' },
    device: { type: 'string', default: 'lavapipe' },
    seconds: { type: 'string', default: '60' },
    trials: { type: 'string', default: '64' },
    'same-time': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    workload: { type: 'string', multiple: true },
    out: { type: 'string', default: 'out/seconds' },
  },
});

interface Run {
  readonly trace: Trace;
  readonly trials: number;
  /** Wall seconds of the trials, and of the whole process. */
  readonly trialSeconds: number;
  readonly seconds: number;
}

/** A run as it was made, or as it was kept in the output folder. */
function run(name: string, workload: string, limit: readonly string[], folder: string): Run {
  const path = join(flags.out, 'runs', `${`${workload} ${name} seed ${flags.seed}`.replace(/[^\w=]+/g, '-')}`);
  if (existsSync(`${path}.json`)) return JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Run;
  const [operator, shape] = workload.split(' ') as [string, string];
  const words = [operator, '-s', shape, '--device', flags.device, '--seed', flags.seed, ...limit];
  const { result, seconds } = tuneRun(words, null, { folder, isCold: true, keepLog: resolve(path) });
  if (result.best === null) throw new Error(`no kernel of ${workload} came to an end`);
  const made = { trace: result.best.trace, trials: result.trials, trialSeconds: result.elapsedMs / 1000, seconds };
  writeFileSync(`${path}.json`, JSON.stringify(made));
  return made;
}

if (flags.earlier === undefined) throw new Error('name a checkout of the earlier version with --earlier');
const device = await chooseDevice(flags.device);
mkdirSync(join(flags.out, 'runs'), { recursive: true });
const pattern = new RegExp(flags.only);
const inTime = ['--trials', '100000', '--time-limit', flags.seconds];
const earlierLimit = flags['same-time'] ? inTime : ['--trials', flags.trials];
const cases = (flags.workload ?? workloads)
  .filter((workload) => pattern.test(workload))
  .map((workload) => ({
    workload,
    earlier: run(
      flags['same-time'] ? 'earlier in time' : 'earlier',
      workload,
      earlierLimit,
      resolve(flags.earlier as string),
    ),
    now: run('now', workload, inTime, process.cwd()),
  }));
const rows: (readonly (string | number)[])[] = [];
for (const { workload, earlier, now } of cases) {
  const [operator, shape] = workload.split(' ') as [string, string];
  const [before, after] = await timedInTurn(
    device,
    makeWorkload(operator, { shape }),
    [earlier.trace, now.trace],
    raceMs,
  );
  const perTrial = ({ trialSeconds, trials }: Run): number => trialSeconds / trials;
  rows.push([
    ...[workload, earlier.trialSeconds, earlier.trials, before as number, now.trials, after as number],
    ...[(before as number) / (after as number), perTrial(now) / perTrial(earlier)],
  ]);
  console.error(rows.at(-1)?.join('  '));
}
const header = [
  ...['workload', 's, earlier', 'trials', 'ms'],
  ...[`trials in ${flags.seconds} s, now`, 'ms', 'times faster', "a trial's share of the earlier's time"],
];
const means = [6, 7].map((column) => geometricMean(rows.map((row) => row[column] as number)));
const table = markdownTable(
  header,
  [...rows, ['geometric mean', '', '', '', '', '', ...means]].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? `${Number(cell.toPrecision(3))}` : cell)),
  ),
);
console.log(table);
writeFileSync(
  join(flags.out, 'README.md'),
  `# The best of ${flags.seconds} seconds beside the best of ${flags.trials} trials\n\n${markdownOrigin('node --import tsx bench/seconds.ts')}\n${table}\n`,
);
writeFileSync(join(flags.out, 'seconds.csv'), stringify([header, ...rows]));
