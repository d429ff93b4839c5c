import type { Artifact } from '../ir/artifact.ts';
import type { BuiltKernel } from './build.ts';
import { settleQuietly } from './quiet-wait.ts';
import { byteSize, type Session } from './session.ts';

/**
 * Cold caches are made by two means together. Before each sample, outside the timed pass, a buffer twice as large as the last-level cache is
 * rewritten, which leaves nothing else in any cache. And every run within the sample has copies of all its buffers, which no
 * run before it touched. Copies alone would have to be larger than the cache altogether, thousands for a small workload, and of
 * some devices nobody knows how large that is; rewriting alone would leave one run a sample, too short for the clock.
 */
export interface Flush {
  /** Rewrites the large buffer and waits for its end. */
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

/** All copies of one candidate's buffers together may take this much of the device's memory, and no more bindings than this are made. */
const copyBytes = 256 << 20;
const mostCopies = 256;

/** A candidate's kernels over further copies of all its buffers. */
export interface KernelCopies {
  /** Copies there can be, the first among them: runs of one sample. */
  readonly most: number;
  /** The kernels over the first `count` copies; makes those that are not there yet. */
  take(count: number): readonly (readonly BuiltKernel[])[];
}

/** `kernels` are bound to the first copy. Outputs and scratch come from the pool and are added to `taken`; copies of inputs the session keeps. */
export function createCopies(
  session: Session,
  { buffers: specs }: Artifact,
  kernels: readonly BuiltKernel[],
  taken: GPUBuffer[],
): KernelCopies {
  const footprint = specs.reduce((sum, spec) => sum + byteSize(spec), 0);
  const most = Math.max(1, Math.min(mostCopies, Math.floor(copyBytes / footprint)));
  const made: (readonly BuiltKernel[])[] = [kernels];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return {
    most,
    take: (count) => {
      while (made.length < Math.min(count, most)) {
        const buffers = new Map<string, GPUBuffer>();
        for (const spec of specs) {
          if (spec.role === 'input') buffers.set(spec.name, session.inputCopies.copy(spec.name, made.length - 1));
          else {
            const buffer = session.pool.take(byteSize(spec), usage);
            taken.push(buffer);
            buffers.set(spec.name, buffer);
          }
        }
        made.push(kernels.map((kernel) => kernel.rebind(buffers)));
      }
      return made.slice(0, Math.min(count, most));
    },
  };
}

/** Copies of a workload's inputs, made when they are asked for and kept for the next candidate. */
export interface InputCopies {
  copy(name: string, index: number): GPUBuffer;
  destroy(): void;
}

export function createInputCopies(gpu: GPUDevice, inputs: ReadonlyMap<string, GPUBuffer>): InputCopies {
  const copies = new Map<string, GPUBuffer[]>();
  return {
    copy: (name, index) => {
      const held = copies.get(name) ?? [];
      copies.set(name, held);
      const source = inputs.get(name) as GPUBuffer;
      while (held.length <= index) {
        const copy = gpu.createBuffer({
          size: source.size,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
        });
        const encoder = gpu.createCommandEncoder();
        encoder.copyBufferToBuffer(source, 0, copy, 0, source.size);
        gpu.queue.submit([encoder.finish()]);
        held.push(copy);
      }
      return held[index] as GPUBuffer;
    },
    destroy: () => {
      for (const buffer of [...copies.values()].flat()) buffer.destroy();
      copies.clear();
    },
  };
}
