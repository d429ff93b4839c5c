import { assert } from '../../support/errors.ts';
import type { BuiltKernel } from '../build/build-kernels.ts';
import type { BufferPool } from '../child/session.ts';
import type { ClockReading } from './clock.ts';
import { settleQuietly, sleepQuietly } from './quiet-wait.ts';

/** One timed pass: each repeat runs one of `sequences`, in turn. All are in one pass, because times of adjacent passes cannot be added up. */
export interface Pass {
  readonly sequences: readonly (readonly BuiltKernel[])[];
  readonly repeats: number;
}

interface SubmitOptions {
  /** Expected milliseconds of the passes: the thread is blocked that long before Dawn is asked whether they are done. */
  readonly expectedMs: number;
  readonly before?: (encoder: GPUCommandEncoder) => void;
  readonly after?: (encoder: GPUCommandEncoder) => void;
}

/** Most passes of one submission. No other process gets the machine between them, and each has its own time. */
const mostPasses = 8;
const stampBytes = 16;

/**
 * Runs timed passes one after the other in one submission and waits for its end. Without `timestamp-query` the device's times are 0, which are
 * never taken for those of a clock.
 */
export async function runPasses(
  gpu: GPUDevice,
  pool: BufferPool,
  passes: readonly Pass[],
  options: SubmitOptions,
): Promise<{ readonly deviceNs: readonly number[]; readonly wallNs: number }> {
  assert(passes.length <= mostPasses, () => `${passes.length} passes in one submission`);
  const stamps = gpu.features.has('timestamp-query') ? timestampsOf(gpu) : null;
  const encoder = gpu.createCommandEncoder();
  options.before?.(encoder);
  for (const [at, { sequences, repeats }] of passes.entries()) {
    const pass = encoder.beginComputePass(
      stamps === null
        ? {}
        : {
            timestampWrites: {
              querySet: stamps.queries,
              beginningOfPassWriteIndex: 2 * at,
              endOfPassWriteIndex: 2 * at + 1,
            },
          },
    );
    for (let repeat = 0; repeat < repeats; repeat++)
      encodeKernels(pass, sequences[repeat % sequences.length] as readonly BuiltKernel[]);
    pass.end();
  }
  const bytes = stampBytes * passes.length;
  const mapped = pool.take(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  if (stamps !== null) {
    encoder.resolveQuerySet(stamps.queries, 0, 2 * passes.length, stamps.resolved, 0);
    encoder.copyBufferToBuffer(stamps.resolved, 0, mapped, 0, bytes);
  }
  options.after?.(encoder);
  const begun = performance.now();
  gpu.queue.submit([encoder.finish()]);
  await sleepQuietly(options.expectedMs);
  await settleQuietly(mapped.mapAsync(GPUMapMode.READ));
  const wallNs = (performance.now() - begun) * 1e6;
  const times = new BigInt64Array(mapped.getMappedRange());
  const deviceNs = passes.map((_, at) =>
    stamps === null ? 0 : Number((times[2 * at + 1] ?? 0n) - (times[2 * at] ?? 0n)),
  );
  mapped.unmap();
  pool.giveBack(mapped);
  return { deviceNs, wallNs };
}

/** The same for one pass. */
export async function runPass(
  gpu: GPUDevice,
  pool: BufferPool,
  pass: Pass,
  options: SubmitOptions,
): Promise<ClockReading> {
  const { deviceNs, wallNs } = await runPasses(gpu, pool, [pass], options);
  return { deviceNs: deviceNs[0] as number, wallNs };
}

/**
 * Makes the driver compile: some (lavapipe) do so only at the first dispatch. A dispatch of no workgroups compiles and runs nothing,
 * so that a compiler that hangs and a kernel that never ends are told apart.
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
    queries: gpu.createQuerySet({ type: 'timestamp', count: 2 * mostPasses }),
    resolved: gpu.createBuffer({
      size: stampBytes * mostPasses,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    }),
  };
  timestamps.set(gpu, made);
  return made;
}
