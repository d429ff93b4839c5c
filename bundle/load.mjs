// The loader of bundles that `wgtune export` writes: plain JavaScript without dependencies. `load.d.mts` has the types and says what each
// function does.

/** @import { BundleBuffer, CompiledPipeline, LoadedKernel, Manifest, PipelineKernel, Requirements, Target, Triple } from './load.d.mts' */

const knownVersion = 2;

/** What a person calls a limit. */
const limitWords = {
  maxComputeInvocationsPerWorkgroup: 'invocations a workgroup',
  maxComputeWorkgroupSizeX: 'invocations of a workgroup along x',
  maxComputeWorkgroupSizeY: 'invocations of a workgroup along y',
  maxComputeWorkgroupSizeZ: 'invocations of a workgroup along z',
  maxComputeWorkgroupStorageSize: 'bytes of workgroup memory',
  maxComputeWorkgroupsPerDimension: 'workgroups along one dimension',
  maxStorageBufferBindingSize: 'bytes in one storage binding',
  maxBufferSize: 'bytes in one buffer',
  maxStorageBuffersPerShaderStage: 'storage buffers a kernel',
};

/** @type {(requirements: Requirements, target: Target) => string | null} */
export function unmetNeed(requirements, target) {
  const isDevice = 'queue' in target;
  const here = isDevice ? 'device' : 'adapter';
  const feature = requirements.requiredFeatures.find((name) => !target.features.has(name));
  if (feature !== undefined)
    return isDevice
      ? `it needs the feature ${feature}, which this device was not made with: name it in requiredFeatures of requestDevice, where the adapter has it`
      : `it needs the feature ${feature}, which this adapter does not have`;
  const limits = /** @type {Readonly<Record<string, number | undefined>>} */ (target.limits);
  for (const [name, used] of Object.entries(requirements.limits)) {
    const allowed = limits[name] ?? 0;
    if (used <= allowed) continue;
    const words = limitWords[/** @type {keyof typeof limitWords} */ (name)] ?? name;
    const raise = `: name ${name} in requiredLimits of requestDevice, where the adapter allows as many`;
    return `it needs ${used} ${words}, and this ${here} allows ${allowed}${isDevice ? raise : ''}`;
  }
  return subgroupReason(requirements, target, here) ?? matrixReason(requirements, target, here);
}

/** @type {(target: Target) => any} */
const infoOf = (target) => target.info ?? target.adapterInfo ?? {};

/** @type {(requirements: Requirements, target: Target, here: string) => string | null} */
function subgroupReason({ subgroups }, target, here) {
  if (subgroups === null) return null;
  const { minSize, maxSize } = subgroups;
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = infoOf(target);
  if (least < 1 || most < least)
    return `it depends on the size of subgroups, and this ${here} does not say which sizes it has`;
  if (least >= minSize && (maxSize === null || most <= maxSize)) return null;
  const wanted =
    maxSize === null
      ? `subgroups of at least ${minSize} lanes`
      : maxSize === minSize
        ? `subgroups of exactly ${minSize} lanes`
        : `subgroups of ${minSize} to ${maxSize} lanes`;
  return `it is right for ${wanted}, and those of this ${here} have ${least === most ? least : `${least} to ${most}`}`;
}

/** @type {(requirements: Requirements, target: Target, here: string) => string | null} */
function matrixReason({ subgroupMatrix }, target, here) {
  if (subgroupMatrix === null) return null;
  const listed = [...(infoOf(target).subgroupMatrixConfigs ?? [])];
  const missing = subgroupMatrix.configs.find(
    ({ component, result, m, n, k }) =>
      !listed.some(
        (has) =>
          has.componentType === component &&
          has.resultComponentType === result &&
          has.M === m &&
          has.N === n &&
          has.K === k,
      ),
  );
  if (missing === undefined) return null;
  const { component, result, m, n, k } = missing;
  return `it needs subgroup matrices of ${m}x${n}x${k}, ${component} into ${result}, which this ${here} does not have`;
}

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

/** @type {(device: GPUDevice, label: string, kernel: PipelineKernel, module: GPUShaderModule) => Promise<CompiledPipeline>} */
export async function createPipeline(device, label, { bindings, entryPoint }, module) {
  const groups = [...new Set(bindings.map(({ group }) => group))].sort((a, b) => a - b);
  // Explicit layouts: `auto` drops a binding that the text declares and does not use.
  const layouts = Array.from({ length: (groups.at(-1) ?? -1) + 1 }, (_, index) =>
    device.createBindGroupLayout({
      entries: bindings
        .filter(({ group }) => group === index)
        .map(({ binding, access }) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
        })),
    }),
  );
  const pipeline = await device.createComputePipelineAsync({
    label,
    layout: device.createPipelineLayout({ bindGroupLayouts: layouts }),
    compute: { module, entryPoint },
  });
  return { groups, layouts, pipeline };
}

/** @type {(device: GPUDevice, manifest: Manifest, sources: Readonly<Record<string, string>>) => Promise<LoadedKernel>} */
export async function createKernel(device, manifest, sources) {
  const reason = unsupportedReason(manifest, device) ?? (await laneReason(device, manifest));
  if (reason !== null) throw new Error(reason);
  const steps = await Promise.all(
    manifest.kernels.map(async (kernel) => {
      const code = sources[kernel.file];
      if (code === undefined) throw new Error(`${manifest.title}: ${kernel.file} is missing; export the bundle again`);
      const module = device.createShaderModule({ label: kernel.file, code });
      return { kernel, ...(await createPipeline(device, `${manifest.title}: ${kernel.file}`, kernel, module)) };
    }),
  );
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const own = new Map(
    manifest.buffers
      .filter(({ role }) => role === 'scratch' || role === 'packed')
      .map(({ name, bytes }) => [name, device.createBuffer({ label: name, size: bytes, usage: STORAGE })]),
  );

  const readOnce = new Set(
    manifest.kernels.flatMap(({ runsOnce, bindings }) => (runsOnce ? bindings.map(({ buffer }) => buffer) : [])),
  );
  /**
   * The parts that the kernels that run once have read; null while they have to run.
   * @type {Map<string, GPUBufferBinding> | null}
   */
  let packedFrom = null;

  /** @type {LoadedKernel['encode']} */
  const encode = (target, buffers) => {
    const bound = new Map(manifest.buffers.map((spec) => [spec.name, partOf(spec, own.get(spec.name), buffers)]));
    const constants = new Map([...bound].filter(([name]) => readOnce.has(name) && !own.has(name)));
    const last = packedFrom;
    const isPacked = last !== null && [...constants].every(([name, part]) => isSamePart(part, last.get(name)));
    const pass = 'dispatchWorkgroups' in target ? target : target.beginComputePass({ label: manifest.title });
    for (const { kernel, groups, pipeline, layouts } of steps) {
      if (kernel.runsOnce && isPacked) continue;
      pass.setPipeline(pipeline);
      for (const index of groups) {
        const entries = kernel.bindings
          .filter(({ group }) => group === index)
          .map(({ binding, buffer }) => ({
            binding,
            resource: /** @type {GPUBufferBinding} */ (bound.get(buffer)),
          }));
        const layout = /** @type {GPUBindGroupLayout} */ (layouts[index]);
        pass.setBindGroup(index, device.createBindGroup({ layout, entries }));
      }
      pass.dispatchWorkgroups(...kernel.dispatch);
    }
    if (pass !== target) pass.end();
    packedFrom = constants;
  };

  return {
    manifest,
    encode,
    repack() {
      packedFrom = null;
    },
    async run(inputs) {
      /** @type {Record<string, GPUBuffer>} */
      const buffers = {};
      /** @type {(readonly [BundleBuffer, GPUBuffer])[]} */
      const answers = [];
      try {
        for (const spec of manifest.buffers) {
          if (own.has(spec.name)) continue;
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
    destroy() {
      for (const buffer of own.values()) buffer.destroy();
    },
  };
}

/** @type {(spec: BundleBuffer, own: GPUBuffer | undefined, given: Readonly<Record<string, GPUBuffer | GPUBufferBinding>>) => GPUBufferBinding} */
function partOf({ name, role, bytes }, own, given) {
  const found = own ?? given[name];
  if (found === undefined) throw new Error(`${role} ${name} is missing: give a GPUBuffer of at least ${bytes} bytes`);
  const whole = 'buffer' in found ? found : { buffer: found };
  const offset = whole.offset ?? 0;
  const size = whole.size ?? whole.buffer.size - offset;
  if (size < bytes) throw new Error(`${role} ${name} has ${size} bytes, and the kernel needs ${bytes}`);
  return { buffer: whole.buffer, offset, size: bytes };
}

/** @type {(part: GPUBufferBinding, other: GPUBufferBinding | undefined) => boolean} */
const isSamePart = (part, other) => part.buffer === other?.buffer && part.offset === other.offset;

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

// ---- the order of lanes ----

/**
 * What devices answered, by workgroup size: an app loads many kernels on one.
 * @type {WeakMap<GPUDevice, Map<string, Promise<boolean>>>}
 */
const answered = new WeakMap();

/** @type {(device: GPUDevice, workgroupSize: Triple) => Promise<boolean>} */
function lanesFollow(device, workgroupSize) {
  const known = answered.get(device) ?? new Map();
  answered.set(device, known);
  const key = workgroupSize.join();
  const answer = known.get(key) ?? readLanes(device, workgroupSize).then(lanesAreInOrder);
  known.set(key, answer);
  return answer;
}

/** @type {(device: GPUDevice, manifest: Manifest) => Promise<string | null>} */
async function laneReason(device, { title, kernels }) {
  for (const { usesSubgroups, workgroupSize } of kernels)
    if (usesSubgroups && !(await lanesFollow(device, workgroupSize)))
      return `${title} cannot run here: it takes lanes of subgroups to follow the local index, and this device orders them otherwise in workgroups of ${workgroupSize.join(' x ')}`;
  return null;
}

const laneText = `
enable subgroups;
override sx: u32;
override sy: u32;
override sz: u32;
@group(0) @binding(0) var<storage, read_write> lanes: array<vec2<u32>>;
@compute @workgroup_size(sx, sy, sz)
fn main(@builtin(local_invocation_index) i: u32, @builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_size) size: u32) {
  lanes[i] = vec2<u32>(lane, size);
}
`;

/** @type {(device: GPUDevice, workgroupSize: Triple) => Promise<Uint32Array>} */
export async function readLanes(device, [sx, sy, sz]) {
  const bytes = sx * sy * sz * 8;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: {
      module: device.createShaderModule({ code: laneText }),
      entryPoint: 'main',
      constants: { sx, sy, sz },
    },
  });
  const lanes = device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const answer = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const entries = [{ binding: 0, resource: { buffer: lanes } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(lanes, 0, answer, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await answer.mapAsync(GPUMapMode.READ);
  const values = new Uint32Array(answer.getMappedRange().slice(0));
  lanes.destroy();
  answer.destroy();
  return values;
}

/** @type {(pairs: Uint32Array) => boolean} */
export function lanesAreInOrder(pairs) {
  const size = pairs[1] ?? 0;
  // A power of two, so that aligned groups of lanes lie within one subgroup.
  if (size === 0 || (size & (size - 1)) !== 0) return false;
  for (let i = 0; i * 2 < pairs.length; i++) if (pairs[i * 2] !== i % size || pairs[i * 2 + 1] !== size) return false;
  return true;
}
