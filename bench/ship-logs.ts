/**
 * Tunes layers of published networks (`models/workloads.ts`) and keeps of each what is worth shipping: the 16 fastest schedules, 48 others spread over
 * the range of times, and the naive one. Writes one packed log for each workload on a device into `tuning-logs/shipped`; a workload that is there is
 * skipped, and one that was interrupted goes on, so that the same command may be started as often as you like, also in pieces (`--most 1`).
 *     node --import tsx bench/ship-logs.ts --device lavapipe-256 [--only 'BERT|softmax'] [--trials 64] [--seconds 40] [--most 1]
 *     node --import tsx bench/ship-logs.ts --device swiftshader --small
 * `--small` takes the layers with their sizes halved until a slow device runs them in some hundredths of a second. `--list` tells what is there and what
 * is open. `--fewest n` goes on with workloads of which fewer records are there, where their whole logs are;
 * `--trials 0` measures nothing and writes anew, from whole logs, what is to be kept. `--raw` names the folder of the whole logs. A run begins with the best of
 * near shapes, refitted (`--near`), so that one schedule is known on several shapes: that is what `distill` and learning need. Wants a quiet machine.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { chooseDevice } from '../src/device/devices.ts';
import { describeWorkload, type Workload, workloadKey } from '../src/operators/workload.ts';
import { listShippedLogs, shippedLogFolder, shippedLogName } from '../src/records/shipped.ts';
import { UserError } from '../src/support/errors.ts';
import { loadKnown } from '../src/tuner/known.ts';
import { tune } from '../src/tuner/tune.ts';
import { modelLayers, titleOf, workloadOf } from './models/workloads.ts';
import { chosenRecords } from './ship-logs/chosen-records.ts';
import { packedLog } from './ship-logs/packed-log.ts';
import { smallWorkloadOf } from './ship-logs/small-layer.ts';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string' },
    only: { type: 'string', default: '' },
    small: { type: 'boolean', default: false },
    trials: { type: 'string', default: '64' },
    seconds: { type: 'string' },
    most: { type: 'string' },
    fewest: { type: 'string', default: '1' },
    top: { type: 'string', default: '16' },
    spread: { type: 'string', default: '48' },
    near: { type: 'string', default: '8' },
    raw: { type: 'string' },
    list: { type: 'boolean', default: false },
    out: { type: 'string', default: shippedLogFolder },
  },
});
const { out } = flags;
const trials = Number(flags.trials);
const controller = new AbortController();
process.once('SIGINT', () => {
  console.error('ends after the trial at hand; once more: at once');
  controller.abort();
});

interface Shipped {
  readonly title: string;
  readonly workload: Workload;
}

/** The workloads asked for, each once: small layers of two networks may be the same. */
function wanted(): readonly Shipped[] {
  const pattern = new RegExp(flags.only);
  const found = modelLayers.map((layer) => ({
    title: titleOf(layer),
    workload: flags.small ? smallWorkloadOf(layer) : workloadOf(layer),
  }));
  const unique = [...new Map(found.map((one) => [workloadKey(one.workload), one])).values()];
  return unique.filter(({ title, workload }) => pattern.test(`${title} ${describeWorkload(workload)}`));
}

function recordsIn(path: string): number {
  return gunzipSync(readFileSync(path)).toString().trimEnd().split('\n').length;
}

async function ship({ title, workload }: Shipped): Promise<void> {
  const { name } = device.description;
  const logFolder = join(flags.raw ?? join('out', 'ship-logs'), name);
  const begun = performance.now();
  if (trials > 0)
    await tune({
      ...{ workload, device: name, logFolder, shippedLogs: out, trials, signal: controller.signal },
      nearSchedules: Number(flags.near),
      ...(flags.seconds === undefined ? {} : { timeLimit: Number(flags.seconds) }),
    });
  if (controller.signal.aborted) throw new UserError('interrupted; the same command goes on');
  const { records } = await loadKnown(logFolder, workload, device.description);
  const chosen = chosenRecords(records, { top: Number(flags.top), spread: Number(flags.spread) });
  if (chosen.length === 0) {
    if (trials > 0) console.log(`${title}: none of ${records.length} trials gave the right answer and a time`);
    return;
  }
  const packed = packedLog(chosen);
  mkdirSync(out, { recursive: true });
  writeFileAtomic(join(out, shippedLogName(name, workload)), packed);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${title}: ${chosen.length} of ${records.length} records, ${packed.length} bytes, ${seconds} s`);
}

const device = await chooseDevice(flags.device);
const isThere = new Set(
  listShippedLogs(out)
    .filter((log) => log.device === device.description.name && recordsIn(log.path) >= Number(flags.fewest))
    .map((log) => log.workloadKey),
);
const all = wanted();
const open = all.filter(({ workload }) => trials === 0 || !isThere.has(workloadKey(workload)));
console.log(
  `${device.description.name}: ${isThere.size} workloads are there, ${open.length} of ${all.length} are open`,
);
if (flags.list) for (const { title, workload } of open) console.log(`  open: ${title}: ${describeWorkload(workload)}`);
else
  try {
    for (const one of open.slice(0, flags.most === undefined ? open.length : Number(flags.most))) await ship(one);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
