// The loader of bundles that `wgtune export` writes: plain JavaScript without dependencies. `load.d.mts` has the types and says what each
// function does; `core.mjs` is the part that exported modules have too.

import { prepareKernel, unmetNeed } from './core.mjs';

/** @import { BundleBuffer, Target } from './core.d.mts' */
/** @import { LoadedKernel, Manifest } from './load.d.mts' */

const knownVersion = 2;

/** @type {(manifest: Manifest, target: Target) => string | null} */
export function unsupportedReason(manifest, target) {
  if (manifest.version !== knownVersion)
    return `manifest.json is ${manifest.version === undefined ? 'of a version before versions' : `of version ${manifest.version}`}, and this loader knows ${knownVersion}: export the bundle again, and use the loader beside it`;
  const reason = unmetNeed(manifest.requirements, target);
  return reason === null ? null : `${manifest.title} cannot run here: ${reason}`;
}

/** @type {typeof import('./load.d.mts').deviceNeedsOf} */
export function deviceNeedsOf(manifests) {
  const features = new Set(manifests.flatMap(({ requirements }) => requirements.requiredFeatures));
  /** @type {Record<string, number>} */
  const limits = {};
  for (const { requirements } of manifests)
    for (const [name, value] of Object.entries(requirements.requiredLimits))
      limits[name] = Math.max(limits[name] ?? 0, value);
  return { requiredFeatures: /** @type {GPUFeatureName[]} */ ([...features]), requiredLimits: limits };
}

/** @type {(device: GPUDevice, manifest: Manifest, sources: Readonly<Record<string, string>>) => Promise<LoadedKernel>} */
export async function createKernel(device, manifest, sources) {
  const reason = unsupportedReason(manifest, device);
  if (reason !== null) throw new Error(reason);
  const kernel = await prepareKernel(device, manifest, sources);
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;

  /** @type {LoadedKernel['encode']} */
  const encode = (target, buffers) => {
    const bound = kernel.bind(buffers);
    const pass = 'dispatchWorkgroups' in target ? target : target.beginComputePass({ label: manifest.title });
    bound.encode(pass);
    if (pass !== target) pass.end();
  };

  return {
    manifest,
    encode,
    repack: kernel.repack,
    async run(inputs) {
      /** @type {Record<string, GPUBuffer>} */
      const buffers = {};
      /** @type {(readonly [BundleBuffer, GPUBuffer])[]} */
      const answers = [];
      try {
        for (const spec of manifest.buffers) {
          if (spec.role === 'scratch' || spec.role === 'packed') continue;
          const buffer = device.createBuffer({ size: spec.bytes, usage: STORAGE | COPY_SRC | COPY_DST });
          buffers[spec.name] = buffer;
          if (spec.role === 'input') device.queue.writeBuffer(buffer, 0, bytesOf(spec, inputs[spec.name]));
          else answers.push([spec, device.createBuffer({ size: spec.bytes, usage: MAP_READ | COPY_DST })]);
        }
        const encoder = device.createCommandEncoder();
        encode(encoder, buffers);
        for (const [{ name, bytes }, answer] of answers)
          encoder.copyBufferToBuffer(/** @type {GPUBuffer} */ (buffers[name]), 0, answer, 0, bytes);
        device.queue.submit([encoder.finish()]);
        /** @type {Record<string, ArrayBuffer>} */
        const outputs = {};
        for (const [{ name }, answer] of answers) {
          await answer.mapAsync(GPUMapMode.READ);
          outputs[name] = answer.getMappedRange().slice(0);
        }
        return outputs;
      } finally {
        for (const buffer of [...Object.values(buffers), ...answers.map(([, answer]) => answer)]) buffer.destroy();
      }
    },
    destroy: kernel.dispose,
  };
}

/** @type {(spec: BundleBuffer, data: ArrayBuffer | ArrayBufferView | undefined) => Uint8Array<ArrayBuffer>} */
function bytesOf({ name, dtype, shape, bytes }, data) {
  const exact = shape.reduce((count, extent) => count * extent, dtype === 'f16' ? 2 : 4);
  const length = data?.byteLength ?? 0;
  if (data === undefined || length !== exact)
    throw new Error(`input ${name} has ${length} bytes, and ${dtype}[${shape.join(', ')}] takes ${exact}`);
  // Writes take whole words.
  const padded = new Uint8Array(bytes);
  padded.set(ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, length) : new Uint8Array(data));
  return padded;
}
