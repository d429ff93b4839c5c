/**
 * Our kernel of a square matrix product against the hand-written kernels of ONNX Runtime's WebGPU provider and of TensorFlow.js, in turn on the
 * same Vulkan device (lavapipe: all three can be pointed at it).
 *     npx wgtune tune matmul -s m=512,n=512,k=512 --trials 200 --device lavapipe
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix /tmp/peers onnxruntime-node@1.30.0 \
 *       @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-peers.ts [sizes] [rounds] [log folder]
 * With a schedule file as a fourth argument that schedule takes the place of the best known one:
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-peers.ts 512,1024 5 - schedules/matmul-packed-8x8x4.json
 * Prints the median and quartiles of each, and how much longer a peer takes: by the medians, and by the fastest samples, which other
 * processes on the machine disturb least. A peer that is not installed is left out.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename } from 'node:path';
import { deviceEnvironment } from '../src/device/devices.ts';
import { chooseDevice, makeWorkload, runSchedule, type Trace } from '../src/index.ts';

const [sizes = '512', rounds = '5', logFolder = 'tuning-logs', schedule] = process.argv.slice(2);
const ours: Trace | null =
  schedule === undefined ? null : (JSON.parse(readFileSync(schedule, 'utf8')) as { trace: Trace }).trace;
const device = await chooseDevice('lavapipe');

interface Peer {
  readonly name: string;
  readonly script: string;
}
let peers: Peer[] = [
  { name: 'ONNX Runtime WebGPU', script: './peers/onnxruntime-child.ts' },
  { name: 'TensorFlow.js WebGPU', script: './peers/tensorflow-child.ts' },
];

/** Milliseconds of one product, several samples; null where the peer does not run. */
function timePeer({ name, script }: Peer, size: string): readonly number[] | null {
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

async function timeOurs(size: string, trace: Trace | 'naive' | null): Promise<readonly number[]> {
  const workload = makeWorkload('matmul', { shape: `m=${size},n=${size},k=${size}` });
  const { result } = await runSchedule({ workload, trace, device: 'lavapipe', logFolder });
  // Samples that scatter are of use here: they are compared with peers' samples of the same minutes.
  if (result.outcome !== 'ok' && result.outcome !== 'unstable') throw new Error(`${result.outcome}: ${result.error}`);
  return result.samplesNs.map((ns) => ns / 1e6);
}

const quartile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;
const row = (name: string, values: readonly number[]): string =>
  `${name.padEnd(34)} ${quartile(values, 0.5).toFixed(2)} ms (${quartile(values, 0.25).toFixed(2)} - ${quartile(values, 0.75).toFixed(2)}), ${values.length} samples`;

async function compare(size: string): Promise<void> {
  const name = schedule === undefined ? 'wgtune, best known' : `wgtune, ${basename(schedule)}`;
  const samples = new Map<string, number[]>();
  const keep = (who: string, values: readonly number[]): void => {
    samples.set(who, [...(samples.get(who) ?? []), ...values]);
  };
  for (let round = 0; round < Number(rounds); round++) {
    keep(name, await timeOurs(size, ours));
    if (schedule === undefined) keep('wgtune, naive schedule', await timeOurs(size, 'naive'));
    peers = peers.filter((peer) => {
      const values = timePeer(peer, size);
      keep(peer.name, values ?? []);
      return values !== null;
    });
  }
  const { description } = device;
  console.log(
    `${new Date().toISOString().slice(0, 10)}  matmul ${size}^3 f32  ${description.description || description.name}  ${cpus()[0]?.model}, ${availableParallelism()} cores`,
  );
  const own = samples.get(name) as number[];
  for (const [who, values] of samples) if (values.length > 0) console.log(row(who, values));
  for (const peer of peers) {
    const theirs = samples.get(peer.name) as number[];
    const ratio = (q: number): string => (quartile(theirs, q) / quartile(own, q)).toFixed(2);
    console.log(`${peer.name} / ours: ${ratio(0.5)} by the medians, ${ratio(0)} by the fastest samples`);
  }
}

for (const size of sizes.split(',')) await compare(size);
