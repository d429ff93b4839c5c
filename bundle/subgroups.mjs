// What kernels need of a device's subgroups: sizes, and the order of lanes. Plain JavaScript without dependencies; `subgroups.d.mts` has the
// types and says what each function does. Modules whose kernels know nothing of subgroups do not hold it.

/** @import { Triple } from './core.d.mts' */

/** @type {typeof import('./subgroups.d.mts').sizeReason} */
export function sizeReason({ subgroups }, info, here) {
  if (subgroups === null) return null;
  const { minSize, maxSize } = subgroups;
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = info;
  if (least < 1 || most < least)
    return `it depends on the size of subgroups, and this ${here} does not say which sizes it has`;
  if (least >= minSize && (maxSize === null || most <= maxSize)) return null;
  const wanted =
    maxSize === null ? `at least ${minSize}` : maxSize === minSize ? `exactly ${minSize}` : `${minSize} to ${maxSize}`;
  return `it is right for subgroups of ${wanted} lanes, and those of this ${here} have ${least === most ? least : `${least} to ${most}`}`;
}

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

/** @type {typeof import('./subgroups.d.mts').laneReason} */
export async function laneReason(device, { title, kernels }) {
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

/** @type {typeof import('./subgroups.d.mts').readLanes} */
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

/** @type {typeof import('./subgroups.d.mts').lanesAreInOrder} */
export function lanesAreInOrder(pairs) {
  const size = pairs[1] ?? 0;
  // A power of two, so that aligned groups of lanes lie within one subgroup.
  if (size === 0 || (size & (size - 1)) !== 0) return false;
  for (let i = 0; i * 2 < pairs.length; i++) if (pairs[i * 2] !== i % size || pairs[i * 2 + 1] !== size) return false;
  return true;
}
