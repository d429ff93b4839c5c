import type { BuiltKernel } from './build.ts';
import type { ClockReading } from './clock.ts';
import { settleQuietly, sleepQuietly } from './quiet-wait.ts';
import type { BufferPool } from './session.ts';

export interface PassOptions {
  /** How many times the whole sequence of kernels runs, all in one pass: adjacent passes cannot be added up. */
  readonly repeats: number;
  /** What the pass should take, ms: the thread is blocked that long before Dawn is asked whether it is done. */
  readonly expectedMs: number;
  readonly before?: (encoder: GPUCommandEncoder) => void;
  readonly after?: (encoder: GPUCommandEncoder) => void;
}

const stampBytes = 16;

/**
 * Runs one timed pass to its end: each repeat runs one of `sequences`, in turn. Without `timestamp-query` the device's time is 0, which no
 * one takes for a clock.
 */
export async function runPass(
  gpu: GPUDevice,
  pool: BufferPool,
  sequences: readonly (readonly BuiltKernel[])[],
  options: PassOptions,
): Promise<ClockReading> {
  const stamps = gpu.features.has('timestamp-query') ? timestampsOf(gpu) : null;
  const encoder = gpu.createCommandEncoder();
  options.before?.(encoder);
  const pass = encoder.beginComputePass(
    stamps === null
      ? {}
      : { timestampWrites: { querySet: stamps.queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } },
  );
  for (let repeat = 0; repeat < options.repeats; repeat++)
    encodeKernels(pass, sequences[repeat % sequences.length] as readonly BuiltKernel[]);
  pass.end();
  const mapped = pool.take(stampBytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  if (stamps !== null) {
    encoder.resolveQuerySet(stamps.queries, 0, 2, stamps.resolved, 0);
    encoder.copyBufferToBuffer(stamps.resolved, 0, mapped, 0, stampBytes);
  }
  options.after?.(encoder);
  const begun = performance.now();
  gpu.queue.submit([encoder.finish()]);
  await sleepQuietly(options.expectedMs);
  await settleQuietly(mapped.mapAsync(GPUMapMode.READ));
  const wallNs = (performance.now() - begun) * 1e6;
  const [begin = 0n, end = 0n] = new BigInt64Array(mapped.getMappedRange());
  const deviceNs = stamps === null ? 0 : Number(end - begin);
  mapped.unmap();
  pool.giveBack(mapped);
  return { deviceNs, wallNs };
}

/**
 * Makes the driver compile: some (lavapipe) do so only at the first dispatch. One of no workgroups compiles and runs nothing, so
 * that a compiler that hangs and a kernel that never ends are told apart.
 */
export async function compileByEmptyDispatch(gpu: GPUDevice, kernels: readonly BuiltKernel[]): Promise<void> {
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encodeKernels(
    pass,
    kernels.map((kernel) => ({ ...kernel, dispatch: [0, 0, 0] })),
  );
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  await settleQuietly(gpu.queue.onSubmittedWorkDone());
}

function encodeKernels(pass: GPUComputePassEncoder, kernels: readonly BuiltKernel[]): void {
  for (const { pipeline, groups, dispatch } of kernels) {
    pass.setPipeline(pipeline);
    for (const { index, group } of groups) pass.setBindGroup(index, group);
    pass.dispatchWorkgroups(...dispatch);
  }
}

interface Timestamps {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
}

const timestamps = new WeakMap<GPUDevice, Timestamps>();

function timestampsOf(gpu: GPUDevice): Timestamps {
  const known = timestamps.get(gpu);
  if (known !== undefined) return known;
  const made: Timestamps = {
    queries: gpu.createQuerySet({ type: 'timestamp', count: 2 }),
    resolved: gpu.createBuffer({ size: stampBytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
  };
  timestamps.set(gpu, made);
  return made;
}
