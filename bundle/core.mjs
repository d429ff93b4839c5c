// What the loader of bundles and exported modules share: what kernels need of a device, and kernels on it. Plain JavaScript without
// dependencies; `core.d.mts` has the types and says what each function does. Modules hold this text without its comments.

import { matrixReason } from './matrices.mjs';
import { laneReason, sizeReason } from './subgroups.mjs';

/** @import { BundleBuffer, CompiledPipeline, KernelSet, PipelineKernel, PreparedKernel, Requirements, Target, TargetInfo } from './core.d.mts' */

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
  const info = /** @type {TargetInfo} */ (target.info ?? target.adapterInfo ?? {});
  return sizeReason(requirements, info, here) ?? matrixReason(requirements, info, here);
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
          buffer: { type: access === 'read_write' ? 'storage' : 'read-only-storage' },
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
