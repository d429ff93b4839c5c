import { z } from 'zod';
import { replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findLoop } from '../legality/find.ts';
import { requireParallel, requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * for i in 4: C[i] = A[i]   ->   C[0:4] = A[0:4]       as one vec4 operation; accesses that are not contiguous are gathered
 * Halide: vectorize. TVM: vectorize.
 */
export const vectorize = definePrimitive({
  name: 'vectorize',
  summary: 'Makes one vector operation of an innermost loop of 2, 3 or 4 iterations.',
  rewrite: 'for i in 4: C[i] = A[i]  ->  C[0:4] = A[0:4]',
  halide: 'vectorize',
  tvm: 'vectorize',
  args: z.strictObject({ loop: nameArg }),
  check(program, { loop: name }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const refused = requireSerial(found.loop) ?? requireParallel(found.loop);
    if (refused !== null) return refused;
    const { extent, body } = found.loop;
    if (extent < 2 || extent > 4)
      return refuse(
        'vector-width',
        () => `loop ${name} runs ${extent} times; WGSL has vectors of 2, 3 and 4`,
        () => `split ${name} by 4 or 2 and vectorize the inner loop`,
      );
    if (body.kind !== 'block')
      return refuse(
        'not-innermost',
        () => `loop ${name} holds more than a block; expected the innermost loop of one block`,
        () => `reorder ${name} inwards`,
      );
    return { loop: found.loop };
  },
  apply(program, { loop }) {
    return replaceInProgram(
      program,
      (stmt) => stmt === loop,
      () => ({ ...loop, mode: 'vectorized' }),
    );
  },
  describe: ({ loop }) => `vectorize(${loop})`,
});
