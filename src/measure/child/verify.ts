import type { BufferSpec } from '../../ir/artifact.ts';
import { byteSizeOf } from '../../ir/requirements.ts';
import type { Verification } from '../../records/outcome.ts';
import { assert } from '../../support/errors.ts';
import type { OutputCheck } from '../runner.ts';
import { settleQuietly } from '../sampling/quiet-wait.ts';
import { compareOutput, decodeElements, nothingCompared } from './compare.ts';
import { elementCount, type Session } from './session.ts';

/** Copies of the checked outputs where JavaScript can read them. */
interface Readback {
  /** To be encoded after the pass whose outputs are wanted. */
  readonly copy: (encoder: GPUCommandEncoder) => void;
  /** To be called once that pass is submitted; compares the outputs with every check and adds to what was seen before. */
  readonly compare: (checks: readonly OutputCheck[], before?: Verification) => Promise<Verification>;
}

/** A readback of the outputs named. Staging buffers come from the pool and are added to `taken`. */
export function createReadback(
  session: Session,
  specs: readonly BufferSpec[],
  buffers: ReadonlyMap<string, GPUBuffer>,
  names: ReadonlySet<string>,
  taken: GPUBuffer[],
): Readback {
  const outputs = [...names].map((name) => {
    const spec = specs.find((candidate) => candidate.name === name && candidate.role === 'output');
    assert(spec !== undefined, `a check names ${name}, which is not an output of the artifact`);
    const staging = session.pool.take(byteSizeOf(spec), GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    taken.push(staging);
    return { spec, staging, source: buffers.get(name) as GPUBuffer };
  });
  return {
    copy: (encoder) => {
      for (const { source, staging } of outputs) encoder.copyBufferToBuffer(source, 0, staging, 0, staging.size);
    },
    compare: async (checks, before = nothingCompared) => {
      let seen = before;
      for (const { spec, staging } of outputs) {
        if (!checks.some(({ buffer }) => buffer === spec.name)) continue;
        await settleQuietly(staging.mapAsync(GPUMapMode.READ));
        const got = decodeElements(staging.getMappedRange(), spec.dtype, elementCount(spec));
        for (const check of checks) if (check.buffer === spec.name) seen = compareOutput(seen, got, spec.dtype, check);
        staging.unmap();
      }
      return seen;
    },
  };
}

/** A NaN as f32 and, in each half, as f16, and no likely integer: an element that a kernel leaves unwritten is never right by luck. */
const poisonWord = 0x7fc1_7fc1;
const poisonBytes = 1 << 20;
const poisons = new WeakMap<GPUDevice, GPUBuffer>();

/** Overwrites a buffer with the poison, copied from a device buffer that is full of it. */
export function encodePoison(gpu: GPUDevice, encoder: GPUCommandEncoder, target: GPUBuffer): void {
  let source = poisons.get(gpu);
  if (source === undefined) {
    source = gpu.createBuffer({ size: poisonBytes, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    gpu.queue.writeBuffer(source, 0, new Uint32Array(poisonBytes / 4).fill(poisonWord));
    poisons.set(gpu, source);
  }
  for (let offset = 0; offset < target.size; offset += poisonBytes)
    encoder.copyBufferToBuffer(source, 0, target, offset, Math.min(poisonBytes, target.size - offset));
}
