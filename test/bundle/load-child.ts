import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Bundle from '../../bundle/kernel.mjs';
import { createKernel, deviceNeedsOf, type LoadedKernel, type Manifest } from '../../bundle/load.mjs';
import { listAdapters, loadDawn } from '../../src/device/dawn.ts';
import { dieWithParent } from '../../src/device/watchdog.ts';
import { compareOutput, decodeElements, nothingCompared } from '../../src/measure/child/compare.ts';
import type { Workload } from '../../src/operators/workload.ts';
import type { Verification } from '../../src/records/outcome.ts';
import { programOf } from '../../src/tuner/build.ts';
import { type VerificationData, verificationData } from '../../src/tuner/workload-data.ts';
import type { LoadAnswer, LoadedOn, LoadRequest, LoadResult } from './load-on.ts';

dieWithParent();

process.once('message', (message) => {
  void load(message as LoadRequest).then((answers) => process.send?.(answers, () => process.exit(0)));
});

async function load({ driver, bundles }: LoadRequest): Promise<LoadResult> {
  const create = await loadDawn(driver);
  const [listed] = await listAdapters(create);
  if (listed === undefined) throw new Error('the driver has no adapter');
  const gpu = create([`backend=${listed.backend}`, `adapter=${listed.name}`]);
  // Dawn's instance must outlive its devices.
  Object.assign(globalThis, { gpu });
  const adapter = async (): Promise<GPUAdapter> => {
    const found = await gpu.requestAdapter();
    if (found === null) throw new Error('Dawn refused the adapter');
    return found;
  };
  const asked = await adapter();
  const loaded = await Promise.all(
    bundles.map(async ({ folder, workload }) => {
      const module = (await import(pathToFileURL(join(folder, 'kernel.mjs')).href)) as typeof Bundle;
      return { folder, workload, module, onAdapter: module.unsupportedReason(asked) };
    }),
  );
  const usable = loaded.filter(({ onAdapter }) => onAdapter === null).map(({ module }) => module.manifest);
  const bare = await (await adapter()).requestDevice();
  const byDefault = await (await adapter()).requestDevice({ requiredFeatures: ['subgroups'] });
  const granted = await asked.requestDevice(deviceNeedsOf(usable));
  const answers: LoadAnswer[] = [];
  for (const { folder, workload, module, onAdapter } of loaded) {
    const data = dataOf(workload);
    const on = (device: GPUDevice): Promise<LoadedOn> => loadedOn(device, module, data);
    answers.push({
      folder,
      onAdapter,
      onBare: await on(bare),
      onDefault: await on(byDefault),
      onAsked: await on(granted),
      regardless: onAdapter?.includes('lanes') ? await regardless(granted, folder, module, data) : null,
    });
  }
  const packing = loaded.find(({ module }) => module.manifest.kernels.some(({ runsOnce }) => runsOnce));
  const packed = packing === undefined ? [] : await packedOnce(granted, packing.module, packing.workload);
  const first = loaded.find(({ onAdapter, module }) => onAdapter === null && module.manifest.kernels.length > 1);
  if (first === undefined) return { answers, inParts: null, complaints: [], packed };
  const own = await (await adapter()).requestDevice(first.module.deviceNeeds);
  return { answers, packed, ...(await encodedInParts(own, first.module, dataOf(first.workload))) };
}

interface Data {
  readonly workload: Workload;
  readonly verification: VerificationData;
}
const known = new Map<string, Data>();

function dataOf(workload: Workload): Data {
  const key = JSON.stringify(workload);
  const held = known.get(key) ?? { workload, verification: verificationData(workload, programOf(workload), 1) };
  known.set(key, held);
  return held;
}

async function loadedOn(device: GPUDevice, module: typeof Bundle, data: Data): Promise<LoadedOn> {
  const reason = module.unsupportedReason(device);
  try {
    const verification = await verify(await module.createKernel(device), data);
    return { reason, rejected: null, verification };
  } catch (error) {
    return { reason, rejected: (error as Error).message, verification: null };
  }
}

/** The same kernel with a manifest that leaves out the sizes of subgroups it is right for. */
async function regardless(
  device: GPUDevice,
  folder: string,
  { manifest }: typeof Bundle,
  data: Data,
): Promise<Verification | null> {
  const requirements = { ...manifest.requirements, subgroups: null };
  const sources = Object.fromEntries(
    manifest.kernels.map(({ file }) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  try {
    return await verify(await createKernel(device, { ...manifest, requirements }, sources), data);
  } catch {
    // The kernel exceeds a limit of the device as well.
    return null;
  }
}

/** Runs a bundle as a model's runtime would: in its own encoder, pass and memory, in which tensors lie one after the other. */
async function encodedInParts(
  device: GPUDevice,
  module: typeof Bundle,
  { verification: { data } }: Data,
): Promise<Pick<LoadResult, 'inParts' | 'complaints'>> {
  const kernel = await module.createKernel(device);
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const given = kernel.manifest.buffers.filter(({ role }) => role === 'input' || role === 'output');
  const starts = new Map<string, number>();
  let size = 256;
  for (const { name, bytes } of given) {
    starts.set(name, size);
    size += Math.ceil(bytes / 256) * 256 + 256;
  }
  // One buffer is read and one written: no buffer may be both in one dispatch.
  const inputs = device.createBuffer({ size, usage: STORAGE | COPY_DST });
  const outputs = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const answer = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  for (const { buffer, bytes } of data.inputs) {
    const words = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
    words.set(bytes);
    device.queue.writeBuffer(inputs, starts.get(buffer) as number, words);
  }
  const buffers = Object.fromEntries(
    given.map(({ name, role }) => [
      name,
      { buffer: role === 'input' ? inputs : outputs, offset: starts.get(name) as number },
    ]),
  );
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const complaints: string[] = [];
  const [some] = given;
  const { [some?.name ?? '']: _, ...missing } = buffers;
  for (const wrong of [missing, { ...buffers, [some?.name ?? '']: { buffer: inputs, offset: size - 4 } }])
    try {
      kernel.encode(pass, wrong);
    } catch (error) {
      complaints.push((error as Error).message);
    }
  kernel.encode(pass, buffers);
  pass.end();
  encoder.copyBufferToBuffer(outputs, 0, answer, 0, size);
  device.queue.submit([encoder.finish()]);
  await answer.mapAsync(GPUMapMode.READ);
  const bytes = answer.getMappedRange().slice(0);
  const inParts = compared(kernel.manifest, data, (name, length) => {
    const start = starts.get(name) as number;
    return bytes.slice(start, start + length);
  });
  return { inParts, complaints };
}

/**
 * A kernel with constant inputs, four times: with its first values; after the constants have got others behind its back, which it must not
 * notice; with all the others once it was told; and with the first again, in other buffers.
 */
async function packedOnce(device: GPUDevice, module: typeof Bundle, workload: Workload): Promise<Verification[]> {
  const kernel = await module.createKernel(device);
  const { buffers: specs } = kernel.manifest;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const constants = (workload.attributes.constant ?? '').split(',');
  const [first, second] = [1, 2].map((seed) => verificationData(workload, programOf(workload), seed)) as [
    VerificationData,
    VerificationData,
  ];
  const made = (): Record<string, GPUBuffer> =>
    Object.fromEntries(
      specs
        .filter(({ role }) => role === 'input' || role === 'output')
        .map(({ name, bytes }) => [name, device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST })]),
    );
  const write = (buffers: Record<string, GPUBuffer>, { data }: VerificationData, which: (name: string) => boolean) => {
    for (const { buffer, bytes } of data.inputs)
      if (which(buffer)) device.queue.writeBuffer(buffers[buffer] as GPUBuffer, 0, bytes as Uint8Array<ArrayBuffer>);
  };
  const outputs = async (buffers: Record<string, GPUBuffer>, expected: VerificationData): Promise<Verification> => {
    const encoder = device.createCommandEncoder();
    kernel.encode(encoder, buffers);
    const answers = specs
      .filter(({ role }) => role === 'output')
      .map(({ name, bytes }) => {
        const answer = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
        encoder.copyBufferToBuffer(buffers[name] as GPUBuffer, 0, answer, 0, bytes);
        return [name, answer] as const;
      });
    device.queue.submit([encoder.finish()]);
    const read = new Map<string, ArrayBuffer>();
    for (const [name, answer] of answers) {
      await answer.mapAsync(GPUMapMode.READ);
      read.set(name, answer.getMappedRange().slice(0));
    }
    return compared(kernel.manifest, expected.data, (name) => read.get(name) as ArrayBuffer);
  };
  const [buffers, others] = [made(), made()];
  const all = (): boolean => true;
  const seen: Verification[] = [];
  write(buffers, first, all);
  seen.push(await outputs(buffers, first));
  write(buffers, second, (name) => constants.includes(name));
  seen.push(await outputs(buffers, first));
  write(buffers, second, all);
  kernel.repack();
  seen.push(await outputs(buffers, second));
  write(others, first, all);
  seen.push(await outputs(others, first));
  kernel.destroy();
  return seen;
}

async function verify(kernel: LoadedKernel, { verification: { data } }: Data): Promise<Verification> {
  const outputs = await kernel.run(Object.fromEntries(data.inputs.map(({ buffer, bytes }) => [buffer, bytes])));
  kernel.destroy();
  return compared(kernel.manifest, data, (name) => outputs[name] as ArrayBuffer);
}

function compared(
  { buffers }: Manifest,
  { checks }: VerificationData['data'],
  bytesOf: (output: string, length: number) => ArrayBuffer,
): Verification {
  let seen = nothingCompared;
  for (const check of checks) {
    const spec = buffers.find(({ name }) => name === check.buffer);
    if (spec === undefined) throw new Error(`there is no output ${check.buffer}`);
    const count = spec.shape.reduce((product, extent) => product * extent, 1);
    seen = compareOutput(seen, decodeElements(bytesOf(spec.name, spec.bytes), spec.dtype, count), spec.dtype, check);
  }
  return seen;
}
