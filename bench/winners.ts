/**
 * Whether a run beside other work finds kernels as fast as one on a quiet machine: each workload is tuned twice with different seeds, the second
 * time beside the hog (`noise/hog.ts`), and the two winners are timed in turn.
 *     node --import tsx bench/winners.ts [--earlier folder] [--device lavapipe] [--trials 48] [--only pattern] [--out out/winners]
 * `--earlier` names a checkout of an earlier version (with its modules), which is judged too: it also tunes each workload twice, and all four
 * winners are timed in one race. Prints how far the two winners of a version are apart and writes the table (README.md) and every time (runs.csv).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { markdownTable } from '../src/report/table.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { markdownOrigin } from './markdown.ts';
import { tuneRun } from './noise/tune-run.ts';
import { timedInTurn } from './timed-in-turn.ts';

/** Other workloads than those of the recorded spaces, with which the protocol's constants were chosen. */
const workloads: readonly (readonly [operator: string, shape: string])[] = [
  ['matmul', 'm=197,n=384,k=384'],
  ['matmul', 'm=320,n=160,k=512'],
  ['gemv', 'm=2048,k=1024'],
  ['conv2d', 'c=24,oc=48,h=28,w=28,kh=3,kw=3,pad=1'],
  ['depthwise_conv2d', 'c=96,h=56,w=56,kh=3,kw=3,pad=1'],
  ['softmax', 'rows=384,cols=384'],
  ['layer_norm', 'rows=256,cols=768'],
  ['max_pool2d', 'c=64,h=56,w=56,kh=3,kw=3,stride=2,pad=1'],
  ['reduce_sum', 'rows=1024,cols=1024'],
  ['attention', 'h=4,m=128,n=128,d=32,dv=32'],
];
/** Winners this near each other count as equally good. */
const within = 0.05;
const raceMs = 20_000;

const { values: flags } = parseArgs({
  options: {
    earlier: { type: 'string' },
    device: { type: 'string', default: 'lavapipe' },
    trials: { type: 'string', default: '48' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: 'out/winners' },
  },
});
const versions = [
  { name: 'this version', folder: process.cwd() },
  ...(flags.earlier === undefined ? [] : [{ name: 'the earlier', folder: resolve(flags.earlier) }]),
];
const device = await chooseDevice(flags.device);

interface Winner {
  readonly trace: Trace;
  readonly seconds: number;
}

/** The winner of a run; where `isHogged`, beside the hog. */
function tuned(folder: string, operator: string, shape: string, seed: number, isHogged: boolean): Winner {
  const words = [operator, '-s', shape, '--device', flags.device, '--trials', flags.trials, '--seed', `${seed}`];
  const { result, seconds } = tuneRun(words, isHogged ? seed : null, { folder });
  if (result.best === null) throw new Error(`no kernel of ${operator} ${shape} came to an end`);
  return { trace: result.best.trace, seconds };
}

const rows: string[][] = [];
const runs: (string | number)[][] = [['workload', 'version', 'quiet ms', 'beside the hog ms', 'quiet s', 'hog s']];
const near = versions.map(() => 0);
const pattern = new RegExp(flags.only);
const wanted = workloads.filter(([operator, shape]) => pattern.test(`${operator} ${shape}`));
for (const [operator, shape] of wanted) {
  const winners = versions.flatMap(({ folder }) => [
    tuned(folder, operator, shape, 1, false),
    tuned(folder, operator, shape, 2, true),
  ]);
  const traces = winners.map(({ trace }) => trace);
  const times = await timedInTurn(device, makeWorkload(operator, { shape }), traces, raceMs);
  const cells = versions.flatMap(({ name }, at) => {
    const [quiet, hogged] = times.slice(2 * at, 2 * at + 2) as [number, number];
    const [first, second] = winners.slice(2 * at, 2 * at + 2) as [Winner, Winner];
    const apart = Math.max(quiet, hogged) / Math.min(quiet, hogged) - 1;
    if (apart <= within) near[at] = (near[at] as number) + 1;
    runs.push([`${operator} ${shape}`, name, quiet, hogged, first.seconds, second.seconds]);
    return [quiet.toFixed(3), hogged.toFixed(3), `${(100 * apart).toFixed(1)}%`];
  });
  rows.push([`${operator} ${shape}`, ...cells]);
  console.error(rows.at(-1)?.join('  '));
}
const table = markdownTable(
  ['workload', ...versions.flatMap(({ name }) => [`${name}: quiet, ms`, 'beside the hog, ms', 'apart'])],
  rows,
);
const verdict = versions
  .map(({ name }, at) => `${name}: within ${100 * within}% of each other on ${near[at]} of ${wanted.length} workloads`)
  .join('; ');
console.log(`${table}\n\n${verdict}`);
mkdirSync(flags.out, { recursive: true });
writeFileSync(
  join(flags.out, 'README.md'),
  `# Winners of a quiet run and of one beside the hog\n\n${markdownOrigin('node --import tsx bench/winners.ts')}\n${table}\n\n${verdict}\n`,
);
writeFileSync(join(flags.out, 'runs.csv'), stringify(runs));
