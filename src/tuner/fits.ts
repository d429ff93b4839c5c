import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { lowerProgram } from '../lowering/lower.ts';
import { bytesPerElement } from '../operators/flops.ts';
import { completeAtRandom } from '../search/space/completion.ts';
import { createPruner, mostStatements } from '../space/pruning.ts';
import { instantiate, type Sketch } from '../space/sketch.ts';
import { UserError } from '../support/errors.ts';
import { createRandom } from '../support/random.ts';
import { explainRefusal, isRefusal, type Refusal } from '../support/refusal.ts';

/** Throws UserError when an input, an output or the dtype is more than the device takes. */
export function requireFits(program: Program, device: DeviceDescription): void {
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  for (const name of [...program.inputs, ...program.outputs]) {
    const buffer = program.buffers.find((candidate) => candidate.name === name);
    if (buffer === undefined) continue;
    const bytes = buffer.shape.reduce((product, extent) => product * extent, bytesPerElement(buffer.dtype));
    if (bytes > limit) {
      throw new UserError(
        `${name} takes ${bytes} bytes, but ${device.name} binds at most ${limit} bytes as one storage buffer (${limit === device.limits.maxStorageBufferBindingSize ? 'maxStorageBufferBindingSize' : 'maxBufferSize'}); choose a smaller shape or another device`,
      );
    }
    if (buffer.dtype === 'f16' && !device.features.includes('shader-f16')) {
      throw new UserError(`${device.name} has no shader-f16; use --dtype f32 or another device`);
    }
  }
}

/** Refusals that no decision of a sketch mends. */
const hopeless: ReadonlySet<string> = new Set(['scratch-bytes', 'storage-buffers']);

/**
 * The sketches whose kernels a device can hold: intermediate results and numbers of bindings follow from a sketch's structure, so that one legal
 * candidate tells them for all. Throws UserError where none is left, with what the first of them lacks.
 */
export function fittingSketches(sketches: readonly Sketch[], device: DeviceDescription): readonly Sketch[] {
  let lacking: Refusal | null = null;
  const fitting = sketches.filter((sketch) => {
    const pruner = createPruner(sketch, device.limits, mostStatements[device.type]);
    const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
    if (!completeAtRandom(sketch, pruner, values, 0, createRandom(1))) return true;
    const made = instantiate(sketch, values);
    const lowered = isRefusal(made) ? made : lowerProgram(made.program, device.limits);
    if (!isRefusal(lowered) || !hopeless.has(lowered.reason)) return true;
    lacking ??= lowered;
    return false;
  });
  if (fitting.length === 0 && lacking !== null)
    throw new UserError(
      `no schedule fits ${device.name}: ${explainRefusal(lacking)}; choose a smaller shape, fewer operands or another device`,
    );
  return fitting;
}
