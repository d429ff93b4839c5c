import { createPipeline } from '../../../bundle/core.mjs';
import type { Artifact, KernelArtifact } from '../../ir/artifact.ts';
import { type Failure, fail } from '../failure.ts';
import { settleQuietly } from '../sampling/quiet-wait.ts';

export interface BuiltKernel {
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly { readonly index: number; readonly group: GPUBindGroup }[];
  readonly dispatch: readonly [number, number, number];
  /** The same kernel over other buffers. */
  readonly rebind: (buffers: ReadonlyMap<string, GPUBuffer>) => BuiltKernel;
}

/** What is wrong with an artifact before Dawn sees it; null when nothing is. */
export function artifactProblem(artifact: Artifact): Failure | null {
  const roles = new Map(artifact.buffers.map(({ name, role }) => [name, role]));
  for (const kernel of artifact.kernels)
    for (const { buffer, access } of kernel.bindings) {
      const role = roles.get(buffer);
      if (role === undefined)
        return fail('build-error', `kernel ${kernel.name} binds ${buffer}, which is not a buffer of it`);
      // Inputs are shared by all candidates of a workload: a candidate that writes them would make every later one wrong.
      if (role === 'input' && access !== 'read')
        return fail('build-error', `kernel ${kernel.name} binds input ${buffer} for writing`);
    }
  return null;
}

/** Compiles all kernels of a candidate and binds their buffers. Errors go to the caller's error scopes. */
export async function buildKernels(
  gpu: GPUDevice,
  artifact: Artifact,
  buffers: ReadonlyMap<string, GPUBuffer>,
): Promise<readonly BuiltKernel[]> {
  // All at once: Dawn compiles on two threads.
  return settleQuietly(Promise.all(artifact.kernels.map((kernel) => buildKernel(gpu, kernel, buffers))));
}

async function buildKernel(
  gpu: GPUDevice,
  kernel: KernelArtifact,
  buffers: ReadonlyMap<string, GPUBuffer>,
): Promise<BuiltKernel> {
  const module = gpu.createShaderModule({ label: kernel.name, code: kernel.wgsl });
  const { groups, layouts, pipeline } = await createPipeline(gpu, kernel.name, kernel, module);
  const bind = (over: ReadonlyMap<string, GPUBuffer>): BuiltKernel => ({
    pipeline,
    groups: groups.map((index) => ({
      index,
      group: gpu.createBindGroup({
        layout: layouts[index] as GPUBindGroupLayout,
        entries: kernel.bindings
          .filter(({ group }) => group === index)
          .map(({ binding, buffer }) => ({ binding, resource: { buffer: over.get(buffer) as GPUBuffer } })),
      }),
    })),
    dispatch: kernel.dispatch,
    rebind: bind,
  });
  return bind(buffers);
}
