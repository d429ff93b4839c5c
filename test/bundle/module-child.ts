import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { bytesOfValues, inputValues, judgeOutputs, type SelfTest } from '../../bundle/self-test.mjs';
import type { KernelVariant, selectVariant, VariantKernel } from '../../bundle/variants.mjs';
import { listAdapters, loadDawn } from '../../src/device/dawn.ts';
import type { Driver } from '../../src/device/driver.ts';
import { dieWithParent } from '../../src/device/watchdog.ts';

/** Folders of exported modules, each with the file name of its module. */
export interface ModuleRequest {
  readonly driver: Driver;
  readonly modules: readonly { readonly folder: string; readonly file: string }[];
}

export interface ModuleAnswer {
  readonly file: string;
  readonly chosen: string;
  readonly requires: { readonly requiredFeatures: readonly string[] };
  /** What each variant that can run here computes on parts of two large buffers, in a pass of the app's, twice and again after `repack`. */
  readonly ran: Readonly<Record<string, ReturnType<typeof judgeOutputs>>>;
  /** Whether buffers of the app are still alive after `dispose`. */
  readonly survives: boolean;
  /** What `bind` throws for a part that begins where none may. */
  readonly misplaced: string;
  /** Bytes of the heap that an `encode` took in the mean, and collections of garbage meanwhile. */
  readonly heap: { readonly bytes: number; readonly collections: number };
}

interface ExportedModule {
  readonly variants: readonly KernelVariant[];
  select(target: GPUAdapter | GPUDevice): ReturnType<typeof selectVariant>;
  requires(adapter: GPUAdapter): { requiredFeatures: GPUFeatureName[]; requiredLimits: Record<string, number> };
  createKernel(device: GPUDevice, options?: { readonly variant?: string }): Promise<VariantKernel>;
}

dieWithParent();
process.once('message', (message) => {
  void answer(message as ModuleRequest).then((answers) => process.send?.(answers, () => process.exit(0)));
});

async function answer({ driver, modules }: ModuleRequest): Promise<readonly ModuleAnswer[]> {
  const create = await loadDawn(driver);
  const [listed] = await listAdapters(create);
  if (listed === undefined) throw new Error('the driver has no adapter');
  const gpu = create([`backend=${listed.backend}`, `adapter=${listed.name}`]);
  // Dawn's instance must outlive its devices.
  Object.assign(globalThis, { gpu });
  const answers: ModuleAnswer[] = [];
  for (const { folder, file } of modules) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as ExportedModule;
    const adapter = (await gpu.requestAdapter()) as GPUAdapter;
    const test = JSON.parse(readFileSync(join(folder, 'test.json'), 'utf8')) as SelfTest;
    if (!existsSync(join(folder, file.replace('.js', '.d.ts')))) throw new Error('no types');
    const needs = module.requires(adapter);
    const device = await adapter.requestDevice(needs);
    const ran: Record<string, ReturnType<typeof judgeOutputs>> = {};
    let last: Awaited<ReturnType<typeof run>> | null = null;
    for (const variant of module.variants) {
      const kernel = await module.createKernel(device, { variant: variant.name }).catch(() => null);
      if (kernel === null) continue;
      last = await run(device, kernel, variant, test);
      ran[variant.name] = last.judged;
    }
    if (last === null) throw new Error('no variant runs here');
    const { survives, misplaced, heap } = last;
    answers.push({ file, chosen: module.select(device).name, requires: needs, ran, survives, misplaced, heap });
  }
  return answers;
}

async function run(device: GPUDevice, kernel: VariantKernel, { buffers }: KernelVariant, test: SelfTest) {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const given = buffers.filter(({ role }) => role === 'input' || role === 'output');
  let size = 256;
  const starts = new Map<string, number>();
  for (const { name, bytes } of given) {
    starts.set(name, size);
    size += Math.ceil(bytes / 256) * 256 + 256;
  }
  const inputs = device.createBuffer({ size, usage: STORAGE | COPY_DST });
  const outputs = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const parts = Object.fromEntries(
    given.map(({ name, role }) => [
      name,
      { buffer: role === 'input' ? inputs : outputs, offset: starts.get(name) as number },
    ]),
  );
  let misplaced = '';
  try {
    const [some] = given;
    kernel.bind({ ...parts, [some?.name ?? '']: { buffer: inputs, offset: 4 } });
  } catch (error) {
    misplaced = (error as Error).message;
  }
  const write = (scale: number): void => {
    for (const rule of test.inputs) {
      const values = inputValues(rule).map((value) => value * scale);
      device.queue.writeBuffer(inputs, starts.get(rule.name) as number, bytesOfValues(values, rule.dtype));
    }
  };
  const bound = kernel.bind(parts);
  const runs = async (): Promise<ReturnType<typeof judgeOutputs>> => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    bound.encode(pass);
    bound.encode(pass);
    pass.end();
    const answers = test.outputs.map(({ name }) => {
      const bytes = given.find((spec) => spec.name === name)?.bytes ?? 4;
      const answer = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
      encoder.copyBufferToBuffer(outputs, starts.get(name) as number, answer, 0, bytes);
      return [name, answer] as const;
    });
    device.queue.submit([encoder.finish()]);
    const read: Record<string, ArrayBuffer> = {};
    for (const [name, answer] of answers) {
      await answer.mapAsync(GPUMapMode.READ);
      read[name] = answer.getMappedRange().slice(0);
    }
    return judgeOutputs(test, read);
  };
  // Other constants first: what a kernel packed of them must not outlive `repack`.
  write(0);
  await runs();
  write(1);
  kernel.repack();
  const judged = await runs();
  const heap = await heapOfEncode(bound.encode);
  kernel.dispose();
  device.pushErrorScope('validation');
  write(1);
  const survives = (await device.popErrorScope()) === null;
  return { judged, survives, misplaced, heap };
}

const encodes = 100_000;

/** What recording costs in memory, on a pass that only counts. */
async function heapOfEncode(encode: (pass: GPUComputePassEncoder) => void): Promise<ModuleAnswer['heap']> {
  let dispatches = 0;
  const pass = {
    setPipeline: () => {},
    setBindGroup: () => {},
    dispatchWorkgroups: () => {
      dispatches++;
    },
  } as unknown as GPUComputePassEncoder;
  for (let warm = 0; warm < 20_000; warm++) encode(pass);
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  (globalThis as { gc?: () => void }).gc?.();
  await turn();
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < encodes; at++) encode(pass);
  const bytes = (process.memoryUsage().heapUsed - before) / encodes;
  await turn();
  observer.disconnect();
  if (dispatches < encodes) throw new Error('encode recorded nothing');
  return { bytes, collections };
}
