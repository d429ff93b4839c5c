/**
 * Layers of published networks (`models/workloads.ts`), tuned, and timed in turn with ONNX Runtime's WebGPU provider and TensorFlow.js' WebGPU backend.
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix /tmp/peers onnxruntime-node@1.30.0 \
 *       @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0
 *     npm run bench:models -- --peers /tmp/peers [--only 'ResNet|softmax'] [--first 12] [--trials 64] [--device lavapipe] [--out out/models]
 * Writes README.md, runs.csv and times-faster.svg into the folder after every workload. Started again with the same folder it goes on where it stopped;
 * `--again` times again, with the kernels that the logs have. `--operator`, `--shape` and `--attr name=value` name a workload outside the table;
 * `--schedule` times a schedule file in place of the best known kernel. See bench/README.md for how sides are timed and what is not counted.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { chooseDevice } from '../src/device/devices.ts';
import type { Throughput } from '../src/ir/roofline.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import { flopsOf, minimumBytes } from '../src/operators/flops.ts';
import { describeWorkload, workloadKey } from '../src/operators/workload.ts';
import { deviceKey } from '../src/records/device-key.ts';
import { loadCharts } from '../src/report/charts/load-charts.ts';
import { pictureOf } from '../src/report/charts/picture.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { hashJson } from '../src/support/hash.ts';
import { programOf } from '../src/tuner/build.ts';
import { margin, measurePeaks } from '../src/tuner/peaks.ts';
import { markdownOrigin } from './markdown.ts';
import { chartOf } from './models/figure.ts';
import { sideNames } from './models/side.ts';
import { sentenceOf, timeInTurn } from './models/sides.ts';
import { type Measured, quietOfAll, rowsOf } from './models/summary.ts';
import { absences, meansTable, readingTable, workloadTable } from './models/tables.ts';
import { tuned } from './models/tuned.ts';
import { classOf, type ModelLayer, modelLayers, titleOf, workloadOf } from './models/workloads.ts';
import { onnxruntimeWaysOf } from './peers/onnxruntime-side.ts';

const { values: flags } = parseArgs({
  options: {
    peers: { type: 'string' },
    only: { type: 'string', default: '' },
    first: { type: 'string' },
    trials: { type: 'string', default: '64' },
    'time-limit': { type: 'string' },
    device: { type: 'string', default: 'lavapipe' },
    rounds: { type: 'string', default: '5' },
    readings: { type: 'string', default: '3' },
    'quiet-wait': { type: 'string' },
    again: { type: 'boolean', default: false },
    schedule: { type: 'string' },
    operator: { type: 'string' },
    shape: { type: 'string', default: '' },
    attr: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'out/models' },
  },
});
const device = await chooseDevice(flags.device);
const trials = Number(flags.trials);
const wantedSides = sideNames.filter((name) => name === 'wgtune' || flags.peers !== undefined);
const given: ModelLayer[] =
  flags.operator === undefined
    ? []
    : [
        {
          ...{ model: 'given', layer: flags.schedule ?? 'best known', operator: flags.operator, shape: flags.shape },
          attributes: Object.fromEntries(flags.attr.map((entry) => entry.split(/=(.*)/s).slice(0, 2))),
        },
      ];
const pattern = new RegExp(flags.only);
const layers = (given.length > 0 ? given : modelLayers)
  .slice(0, flags.first === undefined ? undefined : Number(flags.first))
  .filter((layer) => pattern.test(`${titleOf(layer)} ${describeWorkload(workloadOf(layer))}`));
const schedule =
  flags.schedule === undefined ? null : (JSON.parse(readFileSync(flags.schedule, 'utf8')) as { readonly trace: Trace });

for (const name of flags.peers === undefined ? [] : ['onnxruntime-node', '@tensorflow/tfjs-backend-webgpu'])
  if (!existsSync(join(flags.peers as string, 'node_modules', name))) {
    console.error(`${flags.peers} has no ${name}; install it as the first lines of bench/models.ts say`);
    process.exit(2);
  }
mkdirSync(flags.out, { recursive: true });
const resultsFile = join(flags.out, 'results.jsonl');
const controller = new AbortController();
process.once('SIGINT', () => {
  console.error('ends after the trial at hand; once more: at once');
  controller.abort();
});

function keyOf(layer: ModelLayer): string {
  const workload = workloadOf(layer);
  const schedulePart =
    schedule === null ? { trials, seconds: flags['time-limit'] ?? null } : { schedule: schedule.trace };
  return hashJson({
    workload: workloadKey(workload),
    device: deviceKey(device.description),
    ...schedulePart,
    sides: wantedSides,
  });
}

/** The latest measurement of each workload. */
function measuredBefore(): Map<string, Measured> {
  const lines = existsSync(resultsFile) ? readFileSync(resultsFile, 'utf8').trim().split('\n') : [];
  const all = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Measured);
  return new Map(all.map((measured) => [measured.key, measured]));
}

async function measure(layer: ModelLayer): Promise<Measured> {
  const workload = workloadOf(layer);
  const program = programOf(workload);
  const timeLimit = flags['time-limit'] === undefined ? undefined : Number(flags['time-limit']);
  const logFolder = join(flags.out, 'logs');
  const ours =
    schedule === null
      ? await tuned({ workload, device, trials, timeLimit, logFolder, signal: controller.signal })
      : { trace: schedule.trace, naiveNs: null, seconds: 0, quietNs: null };
  if (controller.signal.aborted) throw new Error('interrupted');
  const quietWait = flags['quiet-wait'] === undefined ? undefined : Number(flags['quiet-wait']);
  const wishes = wantedSides.flatMap((side) => {
    const count = side === 'onnxruntime' ? Math.max(1, onnxruntimeWaysOf(workload, {}).length) : 1;
    return Array.from({ length: count }, (_, way) => ({
      ...{ side, way, device, workload, trace: ours.trace, peers: resolve(flags.peers ?? '') },
      ...{ quietNs: ours.quietNs, quietWait },
    }));
  });
  const sides = await timeInTurn(wishes, Number(flags.rounds), Number(flags.readings));
  const [own] = sides.wgtune?.ways ?? [];
  if (own === undefined || own.wrong !== null) throw new Error(`our own kernel: ${own?.wrong}`);
  return {
    ...{ model: layer.model, layer: layer.layer, key: keyOf(layer), workload: describeWorkload(workload) },
    ...{ kind: classOf(workload), day: new Date().toISOString().slice(0, 10), trials },
    ...{ tuningSeconds: ours.seconds, naiveNs: ours.naiveNs, quietNs: ours.quietNs },
    ...{ flops: flopsOf(program), bytes: minimumBytes(program), sides },
  };
}

const { renderSvg } = await loadCharts();
const peaksFile = join(flags.out, 'peaks.json');

/** The best that any look at the device has found; they are kept in the folder. Null where none was possible. */
function knownPeaks(): Throughput | null {
  if (!existsSync(peaksFile)) return null;
  const known = JSON.parse(readFileSync(peaksFile, 'utf8')) as Throughput & { readonly device: string };
  return known.device === deviceKey(device.description) ? known : null;
}

/** Looks once more, because the machine may have been disturbed before, and without the margin that a bound on times needs. */
async function lookForPeaks(): Promise<void> {
  const runner = await createDawnRunner({ device, builders: 0 });
  try {
    const found = await measurePeaks(runner, device.description);
    const known = knownPeaks();
    if (found === null) return;
    const best = {
      flopsPerNs: Math.max(known?.flopsPerNs ?? 0, found.flopsPerNs / margin),
      bytesPerNs: Math.max(known?.bytesPerNs ?? 0, found.bytesPerNs / margin),
    };
    writeFileSync(peaksFile, `${JSON.stringify({ device: deviceKey(device.description), ...best })}\n`);
  } finally {
    await runner.close();
  }
}

function report(results: ReadonlyMap<string, Measured>): string {
  const peaks = knownPeaks();
  const found = (given.length > 0 ? given : modelLayers).flatMap((layer) => results.get(keyOf(layer)) ?? []);
  const rows = rowsOf(found, peaks);
  const { description } = device;
  const roofline =
    peaks === null
      ? ''
      : `Roofline: ${peaks.flopsPerNs.toFixed(1)} GFLOP/s of multiply-adds, ${peaks.bytesPerNs.toFixed(1)} GB/s read from the nearest cache.\n\n`;
  const missing = absences(rows).map((line) => `- ${line}\n`);
  const faults = missing.length === 0 ? '' : `\nNot timed:\n\n${missing.join('')}`;
  const text = `${workloadTable(rows)}\n\n${meansTable(rows)}\n${faults}`;
  writeFileSync(
    join(flags.out, 'README.md'),
    `# Layers of networks, beside ONNX Runtime and TensorFlow.js\n\n${markdownOrigin('npm run bench:models')}\nDevice: ${description.name}, ${description.driver}. ${roofline}${text}`,
  );
  writeFileSync(join(flags.out, 'runs.csv'), stringify([...readingTable(rows, quietOfAll(found))] as string[][]));
  writeFileSync(
    join(flags.out, 'times-faster.svg'),
    pictureOf(`Times faster than the better peer, ${description.name}`, chartOf(rows), renderSvg),
  );
  return text;
}

const results = measuredBefore();
let isWhole = true;
for (const [at, layer] of layers.entries()) {
  if (controller.signal.aborted) break;
  const key = keyOf(layer);
  if (results.has(key) && !flags.again) continue;
  const begun = performance.now();
  const title = `${at + 1}/${layers.length} ${titleOf(layer)}`;
  try {
    await lookForPeaks();
    const measured = await measure(layer);
    results.set(key, measured);
    appendFileSync(resultsFile, `${JSON.stringify(measured)}\n`);
    report(results);
    const [row] = rowsOf([measured], null);
    console.error(
      `${title}: ${row?.timesFaster?.toFixed(2) ?? 'no peer;'} times faster, in ${((performance.now() - begun) / 1000).toFixed(0)} s`,
    );
  } catch (error) {
    isWhole = false;
    console.error(`${title}: ${sentenceOf(error)}`);
  }
}
console.log(report(results));
process.exit(isWhole && !controller.signal.aborted ? 0 : 1);
