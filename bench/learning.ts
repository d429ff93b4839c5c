/**
 * What logs of other workloads are worth: each workload is tuned cold with many trials and, in a log of its own, with few that learn from the logs given,
 * which must not hold it; the winners are timed in turn.
 *     node --import tsx bench/learning.ts --from logs/ [--device lavapipe] [--trials 16] [--cold 64] [--only pattern] [--out out/learning]
 * `--shape "matmul m=80,n=320,k=240"` names a workload, as often as you like, instead of those below. Prints one row a workload and adds it to runs.csv.
 */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import type { TuneResult } from '../src/tuner/events.ts';
import { tune } from '../src/tuner/tune.ts';
import { timedInTurn } from './timed-in-turn.ts';

const usual: readonly string[] = [
  'matmul m=80,n=320,k=240',
  'conv2d c=48,oc=48,h=20,w=20,kh=3,kw=3,pad=1',
  'depthwise_conv2d c=60,h=20,w=20,kh=3,kw=3,pad=1',
  'layer_norm rows=96,cols=320',
  'softmax rows=96,cols=320',
];
const raceMs = 10_000;

const { values: flags } = parseArgs({
  options: {
    from: { type: 'string', multiple: true, default: [] },
    shape: { type: 'string', multiple: true },
    device: { type: 'string', default: 'lavapipe' },
    trials: { type: 'string', default: '16' },
    cold: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: 'out/learning' },
  },
});
const device = await chooseDevice(flags.device);
const pattern = new RegExp(flags.only);
mkdirSync(flags.out, { recursive: true });
const path = join(flags.out, 'runs.csv');
if (!existsSync(path))
  appendFileSync(
    path,
    stringify([['device', 'workload', 'cold trials', 'ms', 's', 'trials that learned', 'ms', 's', 'weights']]),
  );

for (const wanted of (flags.shape ?? usual).filter((text) => pattern.test(text))) {
  const [operator = '', shape = ''] = wanted.split(' ');
  const workload = makeWorkload(operator, { shape });
  const tuned = async (trials: string, learnFrom: readonly string[]): Promise<TuneResult> => {
    const logFolder = mkdtempSync(join(tmpdir(), 'wgtune-bench-learning-'));
    try {
      return await tune({ workload, device: flags.device, trials: Number(trials), logFolder, learnFrom, quietWait: 0 });
    } finally {
      rmSync(logFolder, { recursive: true, force: true });
    }
  };
  const learned = await tuned(flags.trials, flags.from);
  console.error(`${wanted}: learned, ${(learned.elapsedMs / 1000).toFixed(0)} s`);
  const cold = await tuned(flags.cold, []);
  console.error(`${wanted}: cold, ${(cold.elapsedMs / 1000).toFixed(0)} s`);
  if (learned.best === null || cold.best === null) throw new Error(`no kernel of ${wanted} came to an end`);
  const [coldMs, learnedMs] = (await timedInTurn(device, workload, [cold.best.trace, learned.best.trace], raceMs)) as [
    number,
    number,
  ];
  const weights =
    learned.learning?.sources.map(({ name, weight }) => `${name}: ${weight?.toFixed(2)}`).join('; ') ?? '';
  const seconds = ({ elapsedMs }: TuneResult): string => (elapsedMs / 1000).toFixed(0);
  const row = [
    ...[flags.device, wanted, flags.cold, coldMs.toFixed(4), seconds(cold)],
    ...[flags.trials, learnedMs.toFixed(4), seconds(learned), weights],
  ];
  appendFileSync(path, stringify([row]));
  console.log(
    `${wanted}: ${flags.cold} cold trials ${coldMs.toFixed(4)} ms (${seconds(cold)} s), ${flags.trials} that learned ${learnedMs.toFixed(4)} ms (${seconds(learned)} s): ${(coldMs / learnedMs).toFixed(2)} times as fast; near shapes ${learned.learning?.neighboursNs}, best ${learned.best.timeNs}, near best at ${learned.learning?.nearBestAt}; ${weights}`,
  );
}
