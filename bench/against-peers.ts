/**
 * Our kernel of a square matrix product against the hand-written ones of ONNX Runtime's WebGPU provider and of TensorFlow.js, on the same
 * Vulkan device (lavapipe: the one all can be pointed at), in turn.
 *     npx wgtune tune matmul -s m=512,n=512,k=512 --trials 200 --device lavapipe
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix /tmp/peers onnxruntime-node@1.30.0 \
 *       @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-peers.ts [size] [rounds] [log folder]
 * With a schedule file as a fourth argument that schedule takes the place of the best known one:
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-peers.ts 512 5 - schedules/matmul-packed-8x8x4.json
 * Prints the median and quartiles of each and the ratio of the medians. A peer that is not installed is left out.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename } from 'node:path';
import { deviceEnvironment } from '../src/device/devices.ts';
import { chooseDevice, makeWorkload, runSchedule, type Trace } from '../src/index.ts';

const [size = '512', rounds = '5', logFolder = 'tuning-logs', schedule] = process.argv.slice(2);
const ours: Trace | null =
  schedule === undefined ? null : (JSON.parse(readFileSync(schedule, 'utf8')) as { trace: Trace }).trace;
const workload = makeWorkload('matmul', { shape: `m=${size},n=${size},k=${size}` });
const device = await chooseDevice('lavapipe');

interface Peer {
  readonly name: string;
  readonly script: string;
  readonly kernelMs: number[];
}
let peers: Peer[] = [
  { name: 'ONNX Runtime WebGPU', script: './peers/onnxruntime-child.ts', kernelMs: [] },
  { name: 'TensorFlow.js WebGPU', script: './peers/tensorflow-child.ts', kernelMs: [] },
];

/** Milliseconds of one product, several samples; null where the peer does not run. */
function timePeer({ name, script }: Peer): readonly number[] | null {
  const path = new URL(script, import.meta.url).pathname;
  const run = spawnSync(process.execPath, ['--import', 'tsx', path, size, '5', '5'], {
    env: { ...process.env, ...deviceEnvironment(device) },
    encoding: 'utf8',
  });
  const line = run.stdout.trim().split('\n').at(-1) ?? '';
  if (run.status !== 0 || !line.startsWith('{')) {
    console.error(`${name} did not run; install it and set WGTUNE_PEERS to its folder (see the head of this file)`);
    return null;
  }
  const { kernelMs, right } = JSON.parse(line) as { kernelMs: number[]; right: boolean };
  if (!right) throw new Error(`${name} gave a wrong product`);
  return kernelMs;
}

const oursMs: number[] = [];
const naiveMs: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  peers = peers.filter((peer) => {
    const samples = timePeer(peer);
    peer.kernelMs.push(...(samples ?? []));
    return samples !== null;
  });
  for (const [trace, into] of [
    [ours, oursMs],
    ['naive', naiveMs],
  ] as const) {
    const { result } = await runSchedule({ workload, trace, device: 'lavapipe', logFolder });
    if (result.outcome !== 'ok') throw new Error(`${result.outcome}: ${result.error}`);
    into.push(...result.samplesNs.map((ns) => ns / 1e6));
  }
}

const quartile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;
const row = (name: string, values: readonly number[]): string =>
  `${name.padEnd(34)} ${quartile(values, 0.5).toFixed(2)} ms (${quartile(values, 0.25).toFixed(2)} - ${quartile(values, 0.75).toFixed(2)}), ${values.length} samples`;
const { description } = device;
console.log(
  `${new Date().toISOString().slice(0, 10)}  matmul ${size}^3 f32  ${description.description || description.name}  ${cpus()[0]?.model}, ${availableParallelism()} cores`,
);
console.log(row(schedule === undefined ? 'wgtune, best known' : `wgtune, ${basename(schedule)}`, oursMs));
console.log(row('wgtune, naive schedule', naiveMs));
for (const { name, kernelMs } of peers) console.log(row(name, kernelMs));
for (const { name, kernelMs } of peers)
  console.log(`${name} / ours: ${(quartile(kernelMs, 0.5) / quartile(oursMs, 0.5)).toFixed(2)}`);
