// What the loader of bundles and exported modules share: what kernels need of a device, and kernels on it. Plain JavaScript without
// dependencies; `core.d.mts` has the types and says what each function does. Modules hold this text without its comments.

/** @import { BundleBuffer, CompiledPipeline, KernelSet, PipelineKernel, PreparedKernel, Requirements, Target, Triple } from './core.d.mts' */

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

/** @type {(device: GPUDevice, set: KernelSet, sources: Readonly<Record<string, string>>, label?: string) => Promise<PreparedKernel>} */
export async function prepareKernel(device, set, sources, label = set.title) {
  const lanes = await laneReason(device, set);
  if (lanes !== null) throw new Error(lanes);
  const steps = await Promise.all(
    set.kernels.map(async (kernel) => {
      const code = sources[kernel.file];
      if (code === undefined) throw new Error(`${set.title}: ${kernel.file} is missing; export the bundle again`);
      const module = device.createShaderModule({ label: kernel.file, code });
      return { kernel, ...(await createPipeline(device, `${label}: ${kernel.file}`, kernel, module)) };
    }),
  );
  const own = new Map(
    set.buffers
      .filter(({ role }) => role === 'scratch' || role === 'packed')
      .map(({ name, bytes }) => [
        name,
        device.createBuffer({ label: `${label}: ${name}`, size: bytes, usage: GPUBufferUsage.STORAGE }),
      ]),
  );
  const readOnce = new Set(
    set.kernels.flatMap(({ runsOnce, bindings }) => (runsOnce ? bindings.map(({ buffer }) => buffer) : [])),
  );
  /**
   * The parts that the kernels that run once have read; null while they have to run.
   * @type {readonly GPUBufferBinding[] | null}
   */
  let packedFrom = null;
  return {
    scratchBytes: [...own.values()].reduce((sum, { size }) => sum + size, 0),
    bind(buffers) {
      const bound = new Map(set.buffers.map((spec) => [spec.name, partOf(device, spec, own.get(spec.name), buffers)]));
      const constants = [...bound].flatMap(([name, part]) => (readOnce.has(name) && !own.has(name) ? [part] : []));
      const dispatches = steps.map(({ kernel, groups, layouts, pipeline }) => ({
        pipeline,
        runsOnce: kernel.runsOnce,
        dispatch: kernel.dispatch,
        indices: groups,
        groups: groups.map((index) =>
          device.createBindGroup({
            layout: /** @type {GPUBindGroupLayout} */ (layouts[index]),
            entries: kernel.bindings
              .filter(({ group }) => group === index)
              .map(({ binding, buffer }) => ({
                binding,
                resource: /** @type {GPUBufferBinding} */ (bound.get(buffer)),
              })),
          }),
        ),
      }));
      return {
        // Called once a frame or once a layer: nothing is made here, not even an iterator.
        encode(pass) {
          const isPacked = packedFrom !== null && areSameParts(packedFrom, constants);
          for (let at = 0; at < dispatches.length; at++) {
            const { pipeline, runsOnce, dispatch, indices, groups } = /** @type {(typeof dispatches)[number]} */ (
              dispatches[at]
            );
            if (runsOnce && isPacked) continue;
            pass.setPipeline(pipeline);
            for (let group = 0; group < groups.length; group++)
              pass.setBindGroup(/** @type {number} */ (indices[group]), groups[group]);
            pass.dispatchWorkgroups(dispatch[0], dispatch[1], dispatch[2]);
          }
          packedFrom = constants;
        },
      };
    },
    repack() {
      packedFrom = null;
    },
    dispose() {
      for (const buffer of own.values()) buffer.destroy();
    },
  };
}

/** @type {(device: GPUDevice, spec: BundleBuffer, own: GPUBuffer | undefined, given: Readonly<Record<string, GPUBuffer | GPUBufferBinding>>) => GPUBufferBinding} */
function partOf(device, { name, role, bytes }, own, given) {
  const found = own ?? given[name];
  if (found === undefined) throw new Error(`${role} ${name} is missing: give a GPUBuffer of at least ${bytes} bytes`);
  const whole = 'buffer' in found ? found : { buffer: found };
  const offset = whole.offset ?? 0;
  const size = whole.size ?? whole.buffer.size - offset;
  if (size < bytes) throw new Error(`${role} ${name} has ${size} bytes, and the kernel needs ${bytes}`);
  const step = device.limits.minStorageBufferOffsetAlignment;
  if (offset % step > 0) throw new Error(`${role} ${name} begins at byte ${offset}, which is no multiple of ${step}`);
  return { buffer: whole.buffer, offset, size: bytes };
}

/** @type {(parts: readonly GPUBufferBinding[], others: readonly GPUBufferBinding[]) => boolean} */
function areSameParts(parts, others) {
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    const other = others[at];
    if (part?.buffer !== other?.buffer || part?.offset !== other?.offset) return false;
  }
  return true;
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

/** @type {(device: GPUDevice, set: KernelSet) => Promise<string | null>} */
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
@group(0) @binding(0) var<storage, read_write> lanes: array<vec2u>;
@compute @workgroup_size(sx, sy, sz)
fn main(@builtin(local_invocation_index) i: u32, @builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_size) size: u32) {
  lanes[i] = vec2u(lane, size);
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
