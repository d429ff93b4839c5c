import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import { bytesPerElement } from '../operators/flops.ts';
import { UserError } from '../support/errors.ts';

/** Throws UserError when an input, an output or the dtype is more than the device takes. */
export function requireFits(program: Program, device: DeviceDescription): void {
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  for (const name of [...program.inputs, ...program.outputs]) {
    const buffer = program.buffers.find((candidate) => candidate.name === name);
    if (buffer === undefined) continue;
    const bytes = buffer.shape.reduce((product, extent) => product * extent, bytesPerElement(buffer.dtype));
    if (bytes > limit) {
      throw new UserError(
        `${name} takes ${bytes} bytes, but ${device.name} binds at most ${limit} bytes as one storage buffer; choose a smaller shape or another device`,
      );
    }
    if (buffer.dtype === 'f16' && !device.features.includes('shader-f16')) {
      throw new UserError(`${device.name} has no shader-f16; use --dtype f32 or another device`);
    }
  }
}
