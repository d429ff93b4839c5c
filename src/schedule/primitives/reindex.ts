import { z } from 'zod';
import { boundsOf, rangeOfExtent } from '../../arithmetic/bounds.ts';
import { variable } from '../../ir/builders.ts';
import { printExpr } from '../../ir/printer.ts';
import { readsOf, varsOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { requireCopied } from '../legality/copied.ts';
import { findBlock } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { readThroughCopy } from '../read-through-copy.ts';

/**
 * B: C[y, c] += X[y + k] * W[k, c]   ->   load_X_workgroup: X_workgroup[y, k] = X[y + k]   B: C[y, c] += X_workgroup[y, k] * W[k, c]
 * The copy has the shape in which the block sees the buffer: one dimension for each of the block's iters that its index names, whatever the
 * buffer's own layout. Elements that several windows share stand in it several times, and a tile of it is a box: for an image, im2col.
 * Halide: in + store_in, after a Func of the index. TVM: reindex_cache_read.
 */
export const reindex = definePrimitive({
  name: 'reindex',
  summary: 'Makes a block read a copy of a buffer that has one dimension for each iter of the block in its index.',
  rewrite: 'C[y] += X[y + k]  ->  X_workgroup[y, k] = X[y + k]; C[y] += X_workgroup[y, k]',
  halide: '-',
  tvm: 'reindex_cache_read',
  args: z.strictObject({ block: nameArg, buffer: nameArg, scope: scopeArg }),
  check(program, { block: name, buffer: bufferName, scope }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block } = site;
    const buffer = requireCopied(program, site, bufferName, scope);
    if (isRefusal(buffer)) return buffer;
    const reads = readsOf(block).filter((read) => read.buffer === bufferName);
    const element = reads[0]?.indices ?? [];
    const texts = new Set(reads.map((read) => read.indices.map(printExpr).join(', ')));
    if (texts.size > 1)
      return refuse(
        'several-indices',
        () =>
          `block ${name} reads ${bufferName} at ${[...texts].map((text) => `[${text}]`).join(' and ')}; expected one index`,
        () => `cacheRead(${name}, ${bufferName}, ${scope}) copies it as it is`,
      );
    const ranges = new Map(block.iters.map((iter) => [iter.name, rangeOfExtent(iter.extent)]));
    const beyond = element.findIndex((index, d) => {
      const { min, max } = boundsOf(index, ranges);
      return !(min >= 0 && max < (buffer.shape[d] as number));
    });
    if (beyond >= 0)
      return refuse(
        'reaches-beyond',
        () =>
          `block ${name} reads dimension ${beyond} of ${bufferName} at ${printExpr(element[beyond] as (typeof element)[number])}, which leaves its ${buffer.shape[beyond]} elements; a copy would read there without the block's condition`,
        () => 'reindex before computeInline takes the condition in',
      );
    const named = new Set(element.flatMap((index) => [...varsOf(index)]));
    const dimensions = block.iters
      .filter((iter) => named.has(iter.name))
      .map((iter) => ({ name: iter.name, extent: iter.extent }));
    if (dimensions.length === 0)
      return refuse(
        'index-constant',
        () => `block ${name} reads one element of ${bufferName}; expected an index that names an iter`,
      );
    return { block, buffer, scope, dimensions, element };
  },
  apply(program, { block, buffer, scope, dimensions, element }) {
    const place = dimensions.map(({ name }) => variable(name));
    return readThroughCopy(program, block, { buffer, scope, dimensions, element, place: () => place });
  },
  describe: ({ block, buffer, scope }) => `reindex(${block}, ${buffer}, ${scope})`,
});
