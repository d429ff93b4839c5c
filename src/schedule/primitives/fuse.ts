import { z } from 'zod';
import { isRefusal } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { fuseLoops, requireFusible } from '../fuse-loops.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * for i in N: for j in M: S(i, j)   ->   for i_j in N*M: S(i_j // M, i_j % M)
 * Halide: fuse. TVM: fuse.
 */
export const fuse = definePrimitive({
  name: 'fuse',
  summary: 'Makes one loop of two or more that are perfectly nested.',
  rewrite: 'for i in N: for j in M: S(i, j)  ->  for i_j in N*M: S(i_j / M, i_j % M)',
  halide: 'fuse',
  tvm: 'fuse',
  args: z.strictObject({ loops: z.array(nameArg).min(2).max(8) }),
  check(program, { loops: names }) {
    const loops = requireFusible(program, names);
    return isRefusal(loops) ? loops : { loops };
  },
  apply: (program, { loops }) => fuseLoops(program, loops).program,
  describe: ({ loops }) => `fuse(${loops.join(', ')})`,
});
