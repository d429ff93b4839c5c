import { z } from 'zod';
import { paddedStrides, paddingOf } from '../../ir/strides.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findBuffer } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';

/** More padding than a row of banks only wastes memory. */
const maxPadding = 64;

/**
 * workgroup T[R, N]   ->   workgroup T[R, N + padding]       the padding is never read
 * Rows of a power of two start in the same memory bank, so that invocations reading down a column queue up; rows a little longer do not.
 * The padding applies to the rows that remain in the end, after computeAt has shrunk the buffer.
 * Halide: align_storage. TVM: storage_align.
 */
export const storageAlign = definePrimitive({
  name: 'storageAlign',
  summary: 'Makes the rows of a buffer in workgroup memory longer, so that a column does not lie in one memory bank.',
  rewrite: 'workgroup T[R, N]  ->  workgroup T[R, N + padding]',
  halide: 'align_storage',
  tvm: 'storage_align',
  args: z.strictObject({ buffer: nameArg, padding: z.int().min(1).max(maxPadding) }),
  check(program, { buffer: name, padding }) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    if (buffer.scope !== 'workgroup')
      return refuse(
        'not-workgroup',
        () => `${name} is in ${buffer.scope}; only workgroup memory has banks that padding could spread`,
        () =>
          program.inputs.includes(name) || program.outputs.includes(name)
            ? `cacheRead or cacheWrite makes a copy of ${name} in workgroup memory`
            : `setScope(${name}, workgroup) first`,
      );
    if (buffer.shape.length < 2)
      return refuse('no-rows', () => `${name} has one dimension; expected rows that padding could shift`);
    if (paddingOf(buffer) > 0)
      return refuse('already-padded', () => `the rows of ${name} are already padded by ${paddingOf(buffer)}`);
    return { buffer, padding };
  },
  apply(program, { buffer, padding }) {
    const padded = { ...buffer, strides: paddedStrides(buffer.shape, padding) };
    return { ...program, buffers: program.buffers.map((other) => (other === buffer ? padded : other)) };
  },
  describe: ({ buffer, padding }) => `storageAlign(${buffer}, ${padding})`,
});
