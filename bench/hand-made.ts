/**
 * Whether 64 trials find a kernel as fast as the hand-made ones in `schedules/`, each on its own shape.
 *     node --import tsx bench/hand-made.ts [--device lavapipe] [--trials 64] [--time-limit s] [--seed 1] [--only pattern] [--race 20] [--out out/hand-made]
 * The tuner does not read `schedules/`. Its winner and the hand-made kernels of the same workload are timed in turn for `--race` seconds. Logs and
 * winners stay in the output folder: a run that was cut short goes on where it was. Schedules that the device cannot run are left out, and named.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { lowerProgram } from '../src/lowering/lower.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload, type Workload } from '../src/operators/workload.ts';
import { markdownTable } from '../src/report/table.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { scheduleProgram } from '../src/tuner/build.ts';
import { markdownOrigin } from './markdown.ts';
import { tuneRun } from './noise/tune-run.ts';
import { timedInTurn } from './timed-in-turn.ts';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'lavapipe' },
    trials: { type: 'string', default: '64' },
    'time-limit': { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    race: { type: 'string', default: '20' },
    out: { type: 'string', default: 'out/hand-made' },
  },
});

interface HandMade {
  readonly name: string;
  readonly workload: Workload;
  readonly trace: Trace;
}
interface Found {
  readonly trace: Trace;
  readonly trials: number;
  readonly seconds: number;
}

const pattern = new RegExp(flags.only);
const device = await chooseDevice(flags.device);
mkdirSync(join(flags.out, 'runs'), { recursive: true });
const absent: string[] = [];
const byWorkload = new Map<string, HandMade[]>();
for (const name of readdirSync('schedules').filter((file) => file.endsWith('.json') && pattern.test(file))) {
  const { workload: written, trace } = JSON.parse(readFileSync(join('schedules', name), 'utf8')) as HandMade;
  const { operator, params, attributes, dtype } = written;
  const workload = makeWorkload(operator, { shape: params, attributes, dtype });
  const lowered = lowerProgram(scheduleProgram(workload, trace), device.description.limits);
  const missing = isRefusal(lowered)
    ? explainRefusal(lowered)
    : dtype === 'f16' && !device.description.features.includes('shader-f16')
      ? 'the device has no shader-f16'
      : null;
  if (missing !== null) {
    absent.push(`${name}: ${missing}`);
    continue;
  }
  const key = describeWorkload(workload);
  byWorkload.set(key, [...(byWorkload.get(key) ?? []), { name: name.replace('.json', ''), workload, trace }]);
}

function found({ operator, params, attributes, dtype }: Workload, key: string): Found {
  const path = join(flags.out, 'runs', `${key} seed ${flags.seed}`.replace(/[^\w=.]+/g, '-'));
  if (existsSync(`${path}.json`)) return JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Found;
  const shape = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  const words = [
    ...[operator, '-s', shape.join(), '--dtype', dtype, '--device', flags.device, '--seed', flags.seed],
    ...Object.entries(attributes).flatMap(([name, value]) => ['--attr', `${name}=${value}`]),
    ...['--trials', flags.trials, ...(flags['time-limit'] === undefined ? [] : ['--time-limit', flags['time-limit']])],
  ];
  const { result, seconds } = tuneRun(words, null, { keepLog: resolve(path) });
  if (result.best === null) throw new Error(`no kernel of ${key} came to an end`);
  const made = { trace: result.best.trace, trials: result.trials, seconds };
  writeFileSync(`${path}.json`, JSON.stringify(made));
  return made;
}

const runs: (string | number)[][] = [];
for (const [key, schedules] of byWorkload) {
  const { workload } = schedules[0] as HandMade;
  const winner = found(workload, key);
  const traces = [winner.trace, ...schedules.map(({ trace }) => trace)];
  const [ours, ...theirs] = await timedInTurn(device, workload, traces, 1000 * Number(flags.race));
  for (const [at, { name }] of schedules.entries()) {
    const ms = theirs[at] as number;
    runs.push([name, key, ms, ours as number, ms / (ours as number), winner.trials, winner.seconds]);
    console.error(runs.at(-1)?.join('  '));
  }
}
const header = ['schedule', 'workload', 'by hand, ms', 'found, ms', 'times faster', 'trials', 's'];
const table = markdownTable(
  header,
  runs.map((row) => row.map((cell) => (typeof cell === 'number' ? `${Number(cell.toPrecision(3))}` : cell))),
);
const close = runs.filter((row) => (row[4] as number) >= 0.97).length;
const verdict = `${close} of ${runs.length} are reached (at least .97 times as fast).`;
const left = absent.length === 0 ? '' : `\nNot on this device:\n\n${absent.map((line) => `- ${line}`).join('\n')}\n`;
console.log(`${table}\n\n${verdict}${left}`);
writeFileSync(
  join(flags.out, 'README.md'),
  `# What ${flags.trials} trials find beside kernels made by hand\n\n${markdownOrigin('node --import tsx bench/hand-made.ts')}\nDevice: ${device.description.name}.\n\n${table}\n\n${verdict}\n${left}`,
);
writeFileSync(join(flags.out, 'runs.csv'), stringify([header, ...runs]));
