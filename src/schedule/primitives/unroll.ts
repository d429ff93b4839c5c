import { z } from 'zod';
import { replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findLoop } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';

const maxUnroll = 1024;

/**
 * for i in N: S(i)   ->   S(0); S(1); ... S(N-1)       (written out when the program is lowered)
 * Halide: unroll. TVM: unroll.
 */
export const unroll = definePrimitive({
  name: 'unroll',
  summary: 'Writes the iterations of a loop out one after the other.',
  rewrite: 'for i in N: S(i)  ->  S(0); S(1); ... S(N-1)',
  halide: 'unroll',
  tvm: 'unroll',
  args: z.strictObject({ loop: nameArg }),
  check(program, { loop: name }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const refused = requireSerial(found.loop);
    if (refused !== null) return refused;
    const { extent } = found.loop;
    if (extent > maxUnroll)
      return refuse(
        'unroll-too-long',
        () => `loop ${name} runs ${extent} times; expected at most ${maxUnroll} to unroll`,
        () => `split ${name} and unroll the inner loop`,
      );
    return { loop: found.loop };
  },
  apply(program, { loop }) {
    return replaceInProgram(
      program,
      (stmt) => stmt === loop,
      () => ({ ...loop, mode: 'unrolled' }),
    );
  },
  describe: ({ loop }) => `unroll(${loop})`,
});
