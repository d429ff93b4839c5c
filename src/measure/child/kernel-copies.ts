import type { Artifact } from '../../ir/artifact.ts';
import { byteSizeOf } from '../../ir/requirements.ts';
import type { BuiltKernel } from '../build/build-kernels.ts';
import type { Session } from './session.ts';

/** All copies of one candidate's buffers together may take this much of the device's memory, and there are no more of them than this. */
const copyBytes = 256 << 20;
const mostCopies = 256;

/** A candidate's kernels over further copies of all its buffers. */
interface KernelCopies {
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
          }
        }
        made.push(kernels.map((kernel) => kernel.rebind(buffers)));
      }
      return made.slice(0, Math.min(count, most));
    },
  };
}
