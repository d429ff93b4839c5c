import type { Artifact } from '../../ir/artifact.ts';
import { byteSizeOf } from '../../ir/requirements.ts';
import type { BuiltKernel } from '../build/build-kernels.ts';
import type { Session } from './session.ts';

/** Limits on the copies of one candidate's buffers: their bytes of device memory in total, and their number. */
const copyBytes = 256 << 20;
const mostCopies = 256;

/** A candidate's kernels over further copies of all its buffers. */
interface KernelCopies {
  /** How many copies there can be, the first included, and so how many runs one sample can have. */
  readonly most: number;
  /** The kernels over the first `count` copies; makes the copies that do not exist yet. */
  take(count: number): readonly (readonly BuiltKernel[])[];
}

/**
 * `kernels` are bound to the first copy. All but inputs come from the pool and are added to `taken`; the session keeps the copies of inputs.
 * `packed`: the first copy of what kernels that run once have made.
 */
export function createCopies(
  session: Session,
  { buffers: specs }: Artifact,
  kernels: readonly BuiltKernel[],
  taken: GPUBuffer[],
  packed: ReadonlyMap<string, GPUBuffer> = new Map(),
): KernelCopies {
  const footprint = specs.reduce((sum, spec) => sum + byteSizeOf(spec), 0);
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
            const buffer = session.pool.take(byteSizeOf(spec), usage);
            taken.push(buffer);
            buffers.set(spec.name, buffer);
            const made = packed.get(spec.name);
            if (made !== undefined) copy(session.gpu, made, buffer);
          }
        }
        made.push(kernels.map((kernel) => kernel.rebind(buffers)));
      }
      return made.slice(0, Math.min(count, most));
    },
  };
}

function copy(gpu: GPUDevice, from: GPUBuffer, to: GPUBuffer): void {
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, to, 0, to.size);
  gpu.queue.submit([encoder.finish()]);
}
