import { settleQuietly } from '../sampling/quiet-wait.ts';

/**
 * Cold caches take two means together. Before each sample, outside the timed pass, a buffer twice as large as the last-level cache is
 * rewritten, which leaves nothing else in any cache. And every run within the sample has its own copies of all buffers, which no
 * earlier run touched. Copies alone would have to exceed the cache in total: that takes thousands for a small workload, and the cache
 * size of some devices is unknown. Rewriting alone would allow one run per sample, which is too short for the clock.
 */
export interface Flush {
  /** Rewrites the large buffer and waits until that is done. */
  run(): Promise<void>;
  destroy(): void;
}

const workgroup = 64;
/** Vectors of 16 bytes that one invocation rewrites. */
const vectorsEach = 16;
const bytesEach = workgroup * vectorsEach * 16;

/** `cacheBytes`: size of the device's last-level cache. Creates a pipeline and the buffer; errors go to the caller's error scopes. */
export async function createFlush(gpu: GPUDevice, cacheBytes: number): Promise<Flush> {
  const most = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  const workgroups = Math.min(
    Math.ceil((2 * cacheBytes) / bytesEach),
    Math.floor(most / bytesEach),
    gpu.limits.maxComputeWorkgroupsPerDimension,
  );
  const buffer = gpu.createBuffer({ size: workgroups * bytesEach, usage: GPUBufferUsage.STORAGE });
  const module = gpu.createShaderModule({
    label: 'flush',
    code: `@group(0) @binding(0) var<storage, read_write> words: array<vec4<u32>, ${(workgroups * bytesEach) / 16}>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let first = min(group.x, ${workgroups - 1}u) * ${workgroup * vectorsEach}u + local;
  for (var i = 0u; i < ${vectorsEach}u; i++) {
    words[first + i * ${workgroup}u] += vec4<u32>(1u);
  }
}
`,
  });
  const pipeline = await settleQuietly(
    gpu.createComputePipelineAsync({ label: 'flush', layout: 'auto', compute: { module, entryPoint: 'main' } }),
  );
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  return {
    run: async () => {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
      await settleQuietly(gpu.queue.onSubmittedWorkDone());
    },
    destroy: () => buffer.destroy(),
  };
}
