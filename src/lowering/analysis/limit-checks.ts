import type { BufferSpec } from '../../ir/artifact.ts';
import { type Kernel, sharedBytes } from '../../ir/kernel.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import { axes } from '../../ir/nodes.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import type { Grid } from '../passes/parts.ts';
import type { Body, KernelTree } from '../tree.ts';

/** Statements that a fully unrolled kernel may have: with more, compilers take seconds and instruction caches overflow. */
const maxStatements = 4096;

/** Checks the grid against the device before any time is spent on the kernel. */
export function checkGrid(name: string, grid: Grid, limits: DeviceLimits): Refusal | null {
  const { workgroupSize, dispatch } = grid;
  const invocations = workgroupSize[0] * workgroupSize[1] * workgroupSize[2];
  const most = [limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY, limits.maxComputeWorkgroupSizeZ];
  if (invocations > limits.maxComputeInvocationsPerWorkgroup)
    return refuse(
      'invocations',
      () => `kernel ${name} has ${workgroupSize.join(' x ')} = ${invocations} invocations a workgroup`,
      () => `the device allows ${limits.maxComputeInvocationsPerWorkgroup}`,
    );
  for (const [i, axis] of axes.entries()) {
    const size = workgroupSize[i] as number;
    if (size > (most[i] as number))
      return refuse(
        'invocations',
        () => `kernel ${name} has ${size} invocations in ${axis}`,
        () => `the device allows ${most[i]}`,
      );
    const count = dispatch[i] as number;
    if (count > limits.maxComputeWorkgroupsPerDimension)
      return refuse(
        'dispatch',
        () => `kernel ${name} has ${count} workgroups in ${axis}`,
        () => `the device allows ${limits.maxComputeWorkgroupsPerDimension}`,
      );
  }
  return null;
}

/** Checks the number of statements after unrolling: one per write of a block instance. */
export function checkCodeSize(name: string, parts: readonly KernelTree[]): Refusal | null {
  const count = parts.reduce((sum, { body }) => sum + statementsOf(body), 0);
  if (count <= maxStatements) return null;
  return refuse(
    'code-too-large',
    () => `kernel ${name} has ${count} statements once its unrolled loops are written out`,
    () => `at most ${maxStatements} are allowed`,
  );
}

function statementsOf(body: Body): number {
  let count = 0;
  for (const node of body.nodes) {
    if (node.kind === 'block') count += node.writes.length;
    else if (node.kind === 'loop') count += statementsOf(node.body) * (node.mode === 'unrolled' ? node.extent : 1);
    else if (node.kind !== 'barrier') count += statementsOf(node.body);
  }
  return count;
}

/** Checks memory and bindings of a finished kernel against the device. */
export function checkMemory(kernel: Kernel, limits: DeviceLimits): Refusal | null {
  const bytes = sharedBytes(kernel.shared);
  if (bytes > limits.maxComputeWorkgroupStorageSize)
    return refuse(
      'workgroup-bytes',
      () => `kernel ${kernel.name} uses ${bytes} bytes of workgroup memory`,
      () => `the device has ${limits.maxComputeWorkgroupStorageSize}`,
    );
  if (kernel.bindings.length > limits.maxStorageBuffersPerShaderStage)
    return refuse(
      'storage-buffers',
      () => `kernel ${kernel.name} binds ${kernel.bindings.length} storage buffers`,
      () => `the device allows ${limits.maxStorageBuffersPerShaderStage} (maxStorageBuffersPerShaderStage)`,
    );
  return null;
}

/** Checks buffers between kernels against the device; inputs and outputs belong to the workload and are checked before any schedule. */
export function checkScratch(buffers: readonly BufferSpec[], limits: DeviceLimits): Refusal | null {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const isBinding = most === limits.maxStorageBufferBindingSize;
  for (const { name, role, dtype, shape } of buffers) {
    const bytes = shape.reduce((product, extent) => product * extent, dtype === 'f16' ? 2 : 4);
    if (role === 'input' || role === 'output' || bytes <= most) continue;
    return refuse(
      'scratch-bytes',
      () => `the intermediate result ${name} of ${shape.join(' x ')} elements takes ${bytes} bytes`,
      () =>
        isBinding
          ? `the device binds at most ${most} as one storage buffer (maxStorageBufferBindingSize)`
          : `the device has buffers of at most ${most} (maxBufferSize)`,
    );
  }
  return null;
}
