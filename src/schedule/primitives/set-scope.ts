import { z } from 'zod';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { requireNoLanesReduceInto } from '../legality/binding.ts';
import { findBuffer } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * storage T[N]   ->   workgroup T[N]       an intermediate buffer moves to nearer memory; computeAt then shrinks what is kept of it
 * Halide: store_in. TVM: set_scope.
 */
export const setScope = definePrimitive({
  name: 'setScope',
  summary: 'Moves an intermediate buffer to workgroup or private memory.',
  rewrite: 'storage T[N]  ->  workgroup T[N]',
  halide: 'store_in',
  tvm: 'set_scope',
  args: z.strictObject({ buffer: nameArg, scope: scopeArg }),
  check(program, { buffer: name, scope }) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    if (program.inputs.includes(name) || program.outputs.includes(name)) {
      return refuse(
        'parameter-scope',
        () => `${name} is a parameter and stays in storage`,
        () => 'cacheRead or cacheWrite makes a nearer copy of it',
      );
    }
    const reduced = scope === 'private' ? null : requireNoLanesReduceInto(program, name);
    if (reduced !== null) return reduced;
    return { buffer, scope };
  },
  apply(program, { buffer, scope }) {
    return { ...program, buffers: program.buffers.map((other) => (other === buffer ? { ...buffer, scope } : other)) };
  },
  describe: ({ buffer, scope }) => `setScope(${buffer}, ${scope})`,
});
