/**
 * The best known kernel of a square matrix product against ONNX Runtime's WebGPU provider, on the same Vulkan device, in turn.
 *     npx wgtune tune matmul -s m=512,n=512,k=512 --trials 200 --device lavapipe
 *     ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix /tmp/peers onnxruntime-node@1.30.0
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-onnxruntime.ts [size] [rounds] [log folder]
 * With a schedule file as a fourth argument that schedule takes the place of the best known one:
 *     WGTUNE_PEERS=/tmp/peers node --import tsx bench/against-onnxruntime.ts 512 5 - schedules/matmul-packed-8x8x4.json
 * Prints the median and quartiles of each and the ratio of the medians. lavapipe only: it is the device both can be pointed at.
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
const child = new URL('./peers/onnxruntime-child.ts', import.meta.url).pathname;

const peerMs: number[] = [];
const peerWallMs: number[] = [];
const oursMs: number[] = [];
const naiveMs: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const peer = spawnSync(process.execPath, ['--import', 'tsx', child, size, '5', '5'], {
    env: { ...process.env, ...deviceEnvironment(device) },
    encoding: 'utf8',
  });
  const line = peer.stdout.trim().split('\n').at(-1) ?? '';
  if (peer.status !== 0 || !line.startsWith('{')) {
    console.error(
      `ONNX Runtime did not run; install onnxruntime-node and set WGTUNE_PEERS to its folder.\n${peer.stderr}`,
    );
    process.exit(1);
  }
  const { kernelMs, wallMs, right } = JSON.parse(line) as { kernelMs: number[]; wallMs: number[]; right: boolean };
  if (!right) throw new Error('ONNX Runtime gave a wrong product');
  peerMs.push(...kernelMs);
  peerWallMs.push(...wallMs);
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
console.log(
  `${new Date().toISOString().slice(0, 10)}  matmul ${size}^3 f32  ${device.description.description || device.description.name}  ${cpus()[0]?.model}, ${availableParallelism()} cores`,
);
console.log(row(schedule === undefined ? 'wgtune, best known' : `wgtune, ${basename(schedule)}`, oursMs));
console.log(row('wgtune, naive schedule', naiveMs));
console.log(row('ONNX Runtime WebGPU, kernel', peerMs));
console.log(row('ONNX Runtime WebGPU, session run', peerWallMs));
console.log(`ONNX Runtime kernel / ours: ${(quartile(peerMs, 0.5) / quartile(oursMs, 0.5)).toFixed(2)}`);
