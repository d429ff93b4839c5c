import { z } from 'zod';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { requireNoLanesReduceInto } from '../legality/binding.ts';
import { findBuffer } from '../legality/find.ts';
import { requireHeldByLanes } from '../legality/subgroup-buffer.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * storage T[N]   ->   workgroup T[N]       an intermediate buffer moves to nearer memory; computeAt then shrinks it to a tile
 * `subgroup` spreads its elements over the lanes of a subgroup: a loop of the block that writes it is then bound to subgroup.x, and readers
 * get what they need by exchange (see cacheRead).
 * Halide: store_in. TVM: set_scope.
 */
export const setScope = definePrimitive({
  name: 'setScope',
  summary: 'Moves an intermediate buffer to workgroup or private memory, or spreads it over the lanes of a subgroup.',
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
    const apart = scope === 'subgroup' ? requireHeldByLanes(program, name) : null;
    if (reduced !== null) return reduced;
    if (apart !== null) return apart;
    return { buffer, scope };
  },
  apply(program, { buffer, scope }) {
    return { ...program, buffers: program.buffers.map((other) => (other === buffer ? { ...buffer, scope } : other)) };
  },
  describe: ({ buffer, scope }) => `setScope(${buffer}, ${scope})`,
});
