import { z } from 'zod';
import { variable } from '../../ir/builders.ts';
import { isRefusal } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { requireCopied } from '../legality/copied.ts';
import { findBlock } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { readThroughCopy } from '../read-through-copy.ts';

/**
 * B: C[i] = f(A[i])   ->   load_A_workgroup: A_workgroup[i] = A[i]   B: C[i] = f(A_workgroup[i])
 * The copy stands in a nest of its own before the block's nest; computeAt moves it to where a tile of it is needed.
 * Into `subgroup` the copy's elements are spread over the lanes of a subgroup, and what B reads comes from the lane that holds it:
 *   for l in 8 (subgroup.x): A_subgroup[l] = A[l]   B: C[i] = f(A_subgroup[k])   ->   a = A[lane]   C[i] = f(subgroupBroadcast(a, k))
 * after a loop of the copy is bound to subgroup.x. Each lane loads an eighth of the elements that all of them read, without workgroup memory
 * or a barrier between them.
 * Halide: in + store_in (MemoryType::Register with gpu_lanes for `subgroup`). TVM: cache_read (scope `warp`, lower_warp_memory).
 */
export const cacheRead = definePrimitive({
  name: 'cacheRead',
  summary:
    'Makes a block read a copy of a buffer in workgroup or private memory or spread over the lanes of a subgroup; the copy is a block of its own.',
  rewrite: 'C[i] = f(A[i])  ->  A_workgroup[i] = A[i]; C[i] = f(A_workgroup[i])',
  halide: 'in, store_in',
  tvm: 'cache_read',
  args: z.strictObject({ block: nameArg, buffer: nameArg, scope: scopeArg }),
  check(program, { block: name, buffer: bufferName, scope }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const buffer = requireCopied(program, site, bufferName, scope);
    return isRefusal(buffer) ? buffer : { block: site.block, buffer, scope };
  },
  apply(program, { block, buffer, scope }) {
    const dimensions = buffer.shape.map((extent, d) => ({ name: `d${d}`, extent }));
    return readThroughCopy(program, block, {
      buffer,
      scope,
      dimensions,
      element: dimensions.map(({ name }) => variable(name)),
      place: (indices) => indices,
    });
  },
  describe: ({ block, buffer, scope }) => `cacheRead(${block}, ${buffer}, ${scope})`,
});
