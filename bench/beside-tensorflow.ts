/**
 * A schedule's kernel and TensorFlow.js' own of the same square matrix product, one after the other on one device in one process, by the
 * device's clock: what disturbs the machine disturbs both. Beside each time stands the processor time of the process, which on lavapipe is
 * the kernel's and changes little when other processes want the cores.
 *     VK_DRIVER_FILES=/usr/share/vulkan/icd.d/lvp_icd.json WGTUNE_PEERS=/tmp/peers \
 *       node --import tsx bench/beside-tensorflow.ts schedules/matmul-packed-8x8x4.json 512,1024 15
 * Needs what against-peers.ts installs. The driver may have another name: `npx wgtune devices`.
 */
import { readFileSync } from 'node:fs';
import { makeWorkload, type Trace } from '../src/index.ts';
import { defaultLimits } from '../src/ir/limits.ts';
import { settleQuietly } from '../src/measure/sampling/quiet-wait.ts';
import { artifactOf, scheduleProgram } from '../src/tuner/build.ts';
import { startTensorflow, type Tensor } from './peers/tensorflow.ts';

const [schedule = 'schedules/matmul-packed-8x8x4.json', sizes = '512', rounds = '15'] = process.argv.slice(2);
const tf = await startTensorflow();
const { device } = tf.backend();
const { trace } = JSON.parse(readFileSync(schedule, 'utf8')) as { trace: Trace };

/** Milliseconds of one run of the schedule's kernel. */
function kernelOf(n: number, a: Float32Array, b: Float32Array): () => Promise<number> {
  const workload = makeWorkload('matmul', { shape: `m=${n},n=${n},k=${n}` });
  const { kernels, buffers } = artifactOf(scheduleProgram(workload, trace), { limits: defaultLimits });
  const [kernel] = kernels;
  if (kernel === undefined || kernels.length > 1) throw new Error('expected a schedule of one kernel');
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const memory = new Map(buffers.map(({ name }) => [name, device.createBuffer({ size: n * n * 4, usage })]));
  const bufferOf = (name: string): GPUBuffer => memory.get(name) as GPUBuffer;
  device.queue.writeBuffer(bufferOf('A'), 0, a.buffer);
  device.queue.writeBuffer(bufferOf('B'), 0, b.buffer);
  const module = device.createShaderModule({ code: kernel.wgsl });
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module, entryPoint: kernel.entryPoint },
  });
  const entries = kernel.bindings.map(({ binding, buffer }) => ({ binding, resource: { buffer: bufferOf(buffer) } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const read = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return async () => {
    const encoder = device.createCommandEncoder();
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    const pass = encoder.beginComputePass({ timestampWrites });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...kernel.dispatch);
    pass.end();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, read, 0, 16);
    device.queue.submit([encoder.finish()]);
    await settleQuietly(read.mapAsync(GPUMapMode.READ));
    const [start = 0n, end = 0n] = new BigUint64Array(read.getMappedRange().slice(0));
    read.unmap();
    return Number(end - start) / 1e6;
  };
}

const at = (values: readonly number[], q: number): number =>
  values.toSorted((x, y) => x - y)[Math.floor(q * (values.length - 1))] as number;
const spread = (values: readonly number[]): string =>
  `${at(values, 0.5).toFixed(1)} ms (${at(values, 0.25).toFixed(1)} - ${at(values, 0.75).toFixed(1)}, least ${at(values, 0).toFixed(1)})`;

for (const n of sizes.split(',').map(Number)) {
  const values = (seed: number): Float32Array =>
    Float32Array.from({ length: n * n }, (_, i) => ((i * 7 + seed) % 5) - 2);
  const [a, b] = [tf.tensor2d(values(1), [n, n]), tf.tensor2d(values(2), [n, n])];
  const theirs = async (): Promise<number> => {
    const made: Tensor[] = [];
    const { kernelMs } = await settleQuietly(tf.time(() => made.push(tf.matMul(a, b))));
    for (const tensor of made) tensor.dispose();
    return kernelMs;
  };
  const sides = [
    { name: 'wgtune', run: kernelOf(n, values(1), values(2)), clock: [] as number[], processor: [] as number[] },
    { name: 'TensorFlow.js', run: theirs, clock: [] as number[], processor: [] as number[] },
  ] as const;
  // The first run compiles.
  for (const side of sides) await side.run();
  for (let round = 0; round < Number(rounds); round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const before = process.cpuUsage();
      side.clock.push(await side.run());
      const { user, system } = process.cpuUsage(before);
      side.processor.push((user + system) / 1000);
    }
  }
  console.log(`matmul ${n}^3 f32, ${rounds} runs of each in turn`);
  for (const { name, clock, processor } of sides)
    console.log(`${name.padEnd(14)} ${spread(clock)}, processor time ${spread(processor)}`);
  const ratio = (of: 'clock' | 'processor'): string => (at(sides[1][of], 0.5) / at(sides[0][of], 0.5)).toFixed(2);
  console.log(`TensorFlow.js / wgtune: ${ratio('clock')} by the clock, ${ratio('processor')} by processor time`);
}
process.exit(0);
