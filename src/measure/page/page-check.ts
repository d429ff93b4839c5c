import type { BundleBuffer } from '../../../bundle/core.mjs';
import { bytesOfValues, inputValues, judgeOutputs, type SelfTest } from '../../../bundle/self-test.mjs';
import { median } from '../sampling/statistics.ts';
import type { CheckedKernel, CheckRequest } from './check-protocol.ts';
import { clockStep } from './clock-step.ts';
import { openSocket } from './page-socket.ts';

/** The page that checks exported kernels: loads them as an app does, on a device of its own, runs them once, and times them. */

/** What bundles and modules have in common. */
type Encode = (pass: GPUComputePassEncoder) => void;

interface Exported {
  readonly manifest?: { readonly title: string; readonly buffers: readonly BundleBuffer[] };
  readonly deviceNeeds?: GPUDeviceDescriptor;
  readonly variants?: readonly { readonly name: string; readonly buffers: readonly BundleBuffer[] }[];
  requires?(adapter: GPUAdapter): GPUDeviceDescriptor;
  select?(adapter: GPUAdapter): { readonly name: string };
  unsupportedReason?(adapter: GPUAdapter): string | null;
  // biome-ignore format: one line each
  createKernel(device: GPUDevice, options?: object): Promise<{
    bind?(buffers: Readonly<Record<string, GPUBuffer>>): { encode: Encode };
    encode?(pass: GPUComputePassEncoder, buffers: Readonly<Record<string, GPUBuffer>>): void;
  }>;
}

const { gpu } = (globalThis as unknown as { navigator: { gpu?: GPU } }).navigator;

openSocket({
  onMessage: (message, send) => {
    void check(message as CheckRequest).then(
      (result) => send({ kind: 'checked', ...result }),
      (error: unknown) => send({ kind: 'failed', error: error instanceof Error ? error.message : String(error) }),
    );
  },
  onClose: () => {},
});

async function check({ entry, test }: CheckRequest) {
  if (gpu === undefined) throw new Error('this browser has no WebGPU');
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('this browser finds no WebGPU adapter');
  const module = (await import(new URL(entry, import.meta.url).href)) as Exported;
  const reason = module.unsupportedReason?.(adapter) ?? null;
  if (reason !== null) throw new Error(reason);
  const needs = module.requires?.(adapter) ?? module.deviceNeeds ?? {};
  const clock: GPUFeatureName[] = adapter.features.has('timestamp-query') ? ['timestamp-query'] : [];
  const device = await adapter.requestDevice({
    ...needs,
    requiredFeatures: [...(needs.requiredFeatures ?? []), ...clock],
  });
  const stepNs = await clockStep(device);
  const chosen = module.select?.(adapter).name ?? null;
  const kernels: CheckedKernel[] = [];
  const all = module.variants ?? [{ name: 'kernel', buffers: module.manifest?.buffers ?? [] }];
  for (const { name, buffers } of all) {
    try {
      const kernel = await module.createKernel(device, module.variants === undefined ? undefined : { variant: name });
      const given = makeBuffers(device, buffers, test);
      const bound = kernel.bind?.(given) ?? { encode: (pass) => kernel.encode?.(pass, given) };
      const judged = judgeOutputs(test, await run(device, bound.encode, given, test));
      kernels.push({ name, ...judged, reason: null, timeNs: await time(device, bound.encode, stepNs) });
    } catch (error) {
      // A module's variants for other devices; of the chosen one the reader is told.
      kernels.push({ name, checked: 0, wrong: 0, first: null, reason: (error as Error).message, timeNs: null });
    }
  }
  const { vendor, architecture } = adapter.info;
  return { vendor, architecture, clockStepNs: stepNs, chosen: chosen ?? 'kernel', kernels };
}

function makeBuffers(device: GPUDevice, specs: readonly BundleBuffer[], test: SelfTest): Record<string, GPUBuffer> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const given = specs.filter(({ role }) => role === 'input' || role === 'output');
  const buffers = Object.fromEntries(
    given.map(({ name, bytes }) => [name, device.createBuffer({ size: bytes, usage })]),
  );
  for (const rule of test.inputs) {
    const buffer = buffers[rule.name];
    if (buffer !== undefined) device.queue.writeBuffer(buffer, 0, bytesOfValues(inputValues(rule), rule.dtype));
  }
  // What a kernel does not write is then not right by chance.
  for (const { name, bytes, role } of given)
    if (role === 'output')
      device.queue.writeBuffer(buffers[name] as GPUBuffer, 0, new Uint32Array(bytes / 4).fill(0x7fc1_7fc1));
  return buffers;
}

async function run(
  device: GPUDevice,
  encode: Encode,
  buffers: Readonly<Record<string, GPUBuffer>>,
  test: SelfTest,
): Promise<Record<string, ArrayBuffer>> {
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encode(pass);
  pass.end();
  const answers = test.outputs.map(({ name }) => {
    const { size } = buffers[name] as GPUBuffer;
    const answer = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    encoder.copyBufferToBuffer(buffers[name] as GPUBuffer, 0, answer, 0, size);
    return [name, answer] as const;
  });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(error.message);
  const outputs: Record<string, ArrayBuffer> = {};
  for (const [name, answer] of answers) {
    await answer.mapAsync(GPUMapMode.READ);
    outputs[name] = answer.getMappedRange().slice(0);
    answer.destroy();
  }
  return outputs;
}

/** Steps of the clock that a pass must last, and its least time, ns; without a clock of the device's, by the wall, ten times as long. */
const steps = 20;
const leastNs = 2e6;
const samples = 7;
const mostRepeats = 4096;

/** Median nanoseconds of one run. */
async function time(device: GPUDevice, encode: Encode, stepNs: number | null): Promise<number | null> {
  const wanted = stepNs === null ? 10 * leastNs : Math.max(leastNs, steps * stepNs);
  let repeats = 1;
  const times: number[] = [];
  while (times.length < samples) {
    const ns = await timeOnce(device, encode, repeats, stepNs !== null);
    if (ns >= wanted || repeats >= mostRepeats) times.push(ns / repeats);
    else
      repeats = Math.min(mostRepeats, Math.ceil(Math.max(2, Math.min(16, (1.2 * wanted) / Math.max(1, ns))) * repeats));
  }
  return median(times);
}

async function timeOnce(device: GPUDevice, encode: Encode, repeats: number, hasClock: boolean): Promise<number> {
  const encoder = device.createCommandEncoder();
  const queries = hasClock ? device.createQuerySet({ type: 'timestamp', count: 2 }) : null;
  const pass = encoder.beginComputePass(
    queries === null
      ? {}
      : { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } },
  );
  for (let run = 0; run < repeats; run++) encode(pass);
  pass.end();
  if (queries === null) {
    const begun = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - begun) * 1e6;
  }
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const resolved = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC });
  const mapped = device.createBuffer({ size: 16, usage: COPY_DST | MAP_READ });
  encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, mapped, 0, 16);
  device.queue.submit([encoder.finish()]);
  await mapped.mapAsync(GPUMapMode.READ);
  const [begin = 0n, end = 0n] = new BigInt64Array(mapped.getMappedRange());
  for (const made of [resolved, mapped, queries]) made.destroy();
  return Number(end - begin);
}
