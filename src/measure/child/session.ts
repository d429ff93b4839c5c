import type { BufferSpec } from '../../ir/artifact.ts';
import { byteSizeOf } from '../../ir/requirements.ts';
import { type Failure, fail } from '../failure.ts';
import type { InputData, OutputCheck, WorkloadData } from '../runner.ts';
import { withErrorScopes } from './error-scopes.ts';
import { createFlush, type Flush } from './flush.ts';
import { createInputCopies, type InputCopies } from './input-copies.ts';

/** What a measuring process holds on the device from one trial to the next. */
export interface Session {
  readonly gpu: GPUDevice;
  readonly inputs: ReadonlyMap<string, GPUBuffer>;
  readonly checks: readonly OutputCheck[];
  readonly further: readonly FurtherSession[];
  readonly pool: BufferPool;
  /** Null where kernels are timed with warm caches. */
  readonly flush: Flush | null;
  readonly inputCopies: InputCopies;
}

/** Further inputs of the workload, on the device. */
interface FurtherSession {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, GPUBuffer>;
  readonly checks: readonly OutputCheck[];
}

/** Device buffers by usage and size, kept for the next trial: candidates of a workload need the same ones again and again. */
export interface BufferPool {
  take(bytes: number, usage: number): GPUBuffer;
  giveBack(buffer: GPUBuffer): void;
  destroy(): void;
}

export function createBufferPool(gpu: GPUDevice): BufferPool {
  const free: GPUBuffer[] = [];
  return {
    take: (bytes, usage) => {
      const found = free.findIndex((buffer) => buffer.size === bytes && buffer.usage === usage);
      const [held] = found < 0 ? [] : free.splice(found, 1);
      return held ?? gpu.createBuffer({ size: bytes, usage });
    },
    giveBack: (buffer) => free.push(buffer),
    destroy: () => {
      for (const buffer of free.splice(0)) buffer.destroy();
    },
  };
}

/** Number of elements of a buffer. */
export function elementCount(spec: BufferSpec): number {
  return spec.shape.reduce((product, extent) => product * extent, 1);
}

function wholeWords(bytes: number): number {
  return Math.max(4, Math.ceil(bytes / 4) * 4);
}

/**
 * Uploads a workload's inputs, once for all its candidates. `coldCacheBytes`: size of the cache that is to be cold when kernels are timed; null
 * where it is to be warm.
 */
export async function openSession(
  gpu: GPUDevice,
  data: WorkloadData,
  coldCacheBytes: number | null,
): Promise<Session | Failure> {
  return withErrorScopes(gpu, async () => {
    const inputs = uploaded(gpu, data.inputs);
    return {
      gpu,
      inputs,
      checks: data.checks,
      further: (data.further ?? []).map((set) => ({ ...set, inputs: uploaded(gpu, set.inputs) })),
      pool: createBufferPool(gpu),
      flush: coldCacheBytes === null ? null : await createFlush(gpu, coldCacheBytes),
      inputCopies: createInputCopies(gpu, inputs),
    };
  });
}

function uploaded(gpu: GPUDevice, inputs: readonly InputData[]): ReadonlyMap<string, GPUBuffer> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return new Map(
    inputs.map(({ buffer: name, bytes }) => {
      const size = wholeWords(bytes.byteLength);
      const buffer = gpu.createBuffer({ size, usage });
      const padded = bytes.byteLength === size ? bytes : new Uint8Array(size);
      if (padded !== bytes) padded.set(bytes);
      gpu.queue.writeBuffer(buffer, 0, padded as Uint8Array<ArrayBuffer>);
      return [name, buffer];
    }),
  );
}

export function closeSession(session: Session): void {
  for (const { inputs } of [session, ...session.further]) for (const buffer of inputs.values()) buffer.destroy();
  session.inputCopies.destroy();
  session.flush?.destroy();
  session.pool.destroy();
}

/**
 * Finds each buffer of an artifact: inputs by name, outputs and scratch (`written`) from the pool. What comes from the pool is
 * added to `taken`, even when a later step fails.
 */
export function bindBuffers(
  session: Session,
  specs: readonly BufferSpec[],
  taken: GPUBuffer[],
): { readonly buffers: ReadonlyMap<string, GPUBuffer>; readonly written: readonly GPUBuffer[] } | Failure {
  for (const spec of specs) {
    const problem = inputProblem(session, spec);
    if (problem !== null) return fail('build-error', problem);
  }
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = new Map<string, GPUBuffer>();
  const written: GPUBuffer[] = [];
  for (const spec of specs) {
    const input = spec.role === 'input' ? session.inputs.get(spec.name) : undefined;
    const buffer = input ?? session.pool.take(byteSizeOf(spec), usage);
    if (input === undefined) written.push(buffer);
    buffers.set(spec.name, buffer);
  }
  taken.push(...written);
  return { buffers, written };
}

function inputProblem(session: Session, spec: BufferSpec): string | null {
  if (spec.role !== 'input') return null;
  const size = session.inputs.get(spec.name)?.size;
  if (size === undefined) return `input ${spec.name} is not among the workload's data`;
  if (size === byteSizeOf(spec)) return null;
  return `input ${spec.name} should have ${byteSizeOf(spec)} bytes by its shape, but the workload's data has ${size}`;
}
