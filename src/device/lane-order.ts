/**
 * WGSL does not promise which invocations of a workgroup make up a subgroup, nor in which order. Kernels that exchange values between
 * lanes need the order everyone has in mind: invocation i (x fastest) is lane i % size of subgroup i / size. So it is asked.
 */

/** Workgroup sizes that are tried: a line, a box, and lines whose ends cut through subgroups. */
const shapes: readonly (readonly [number, number, number])[] = [
  [128, 1, 1],
  [4, 4, 8],
  [24, 3, 1],
];

const wgsl = `
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

/** Whether lanes follow the local index in every shape that is tried. False, too, where the device cannot build or run the kernel. */
export async function lanesFollowLocalIndex(gpu: GPUDevice): Promise<boolean> {
  gpu.pushErrorScope('validation');
  gpu.pushErrorScope('internal');
  let linear = false;
  try {
    const module = gpu.createShaderModule({ code: wgsl });
    const answers = await Promise.all(shapes.map((shape) => lanesOf(gpu, module, shape)));
    linear = answers.every(isLinear);
  } catch {
    // A lost device or a failed mapping: what cannot be asked is not relied upon.
  }
  const errors = [await gpu.popErrorScope(), await gpu.popErrorScope()];
  return linear && errors.every((error) => error === null);
}

/** Pairs of lane and subgroup size by local index, as the device answers. */
async function lanesOf(
  gpu: GPUDevice,
  module: GPUShaderModule,
  [sx, sy, sz]: readonly [number, number, number],
): Promise<Uint32Array> {
  const bytes = sx * sy * sz * 8;
  const pipeline = gpu.createComputePipeline({
    layout: 'auto',
    compute: { module, entryPoint: 'main', constants: { sx, sy, sz } },
  });
  const lanes = gpu.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const answer = gpu.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: lanes } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(lanes, 0, answer, 0, bytes);
  gpu.queue.submit([encoder.finish()]);
  await answer.mapAsync(GPUMapMode.READ);
  const values = new Uint32Array(answer.getMappedRange().slice(0));
  lanes.destroy();
  answer.destroy();
  return values;
}

/** `pairs`: lane and subgroup size by local index. */
export function isLinear(pairs: Uint32Array): boolean {
  const size = pairs[1] ?? 0;
  // A power of two, so that aligned groups of lanes lie within one subgroup.
  if (size === 0 || (size & (size - 1)) !== 0) return false;
  for (let i = 0; i * 2 < pairs.length; i++) if (pairs[i * 2] !== i % size || pairs[i * 2 + 1] !== size) return false;
  return true;
}
