import { z } from 'zod';
import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { variable } from '../../ir/builders.ts';
import type { Block, Expr, For, Iter } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { freshName, substitute, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { digitsOf, fusedName, fuseLoops, requireFusible } from '../fuse-loops.ts';
import { type BlockSite, findBlock, findIter, onlyBlockUnder } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * for i in N: for j in M: B(vi = i, vj = j): C[vi, vj] = e(vi, vj)
 *   ->   for i_j in N*M: B(vi_vj = i_j): C[vi_vj // M, vi_vj % M] = e(vi_vj // M, vi_vj % M)
 * Several iters of a block become one, and their loops too, so that buffers that are cached afterwards (cacheWrite, reindex) have one
 * dimension for them: a convolution becomes the matrix product that it is, image positions by channels, summed over all taps.
 * Halide: fuse before the pure definition. TVM: transform_block_layout.
 */
export const fuseIters = definePrimitive({
  name: 'fuseIters',
  summary: 'Makes one iter of a block, and one loop, of two or more whose loops are perfectly nested.',
  rewrite: 'B(vi = i, vj = j): C[vi, vj]  ->  B(vi_vj = i_j): C[vi_vj / M, vi_vj % M]',
  halide: '-',
  tvm: 'transform_block_layout',
  args: z.strictObject({ block: nameArg, iters: z.array(nameArg).min(2).max(8) }),
  check(program, { block: name, iters: names }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block } = site;
    const iters = itersOf(block, names);
    if (isRefusal(iters)) return iters;
    const own = iters.map((iter) => loopOf(site, iter));
    const refused = own.find(isRefusal);
    if (refused !== undefined) return refused;
    const loops = requireFusible(
      program,
      own.map((loop) => (loop as For).name),
    );
    if (isRefusal(loops)) return loops;
    return { block, iters, loops };
  },
  apply(program, { block, iters, loops }) {
    const fused = fuseLoops(program, loops);
    const [first, ...rest] = iters.map((iter) => iter.name);
    const kept = block.iters.filter((iter) => !rest.includes(iter.name));
    const name = freshName(new Set(kept.map((iter) => iter.name)), fusedName([first as string, ...rest]));
    const extents = iters.map((iter) => iter.extent);
    const extent = extents.reduce((product, each) => product * each, 1);
    const joined = kept.map((iter) =>
      iter.name === first ? { ...iter, name, extent, binding: variable(fused.name) } : iter,
    );
    const ranges = new Map(joined.map((iter) => [iter.name, rangeOfExtent(iter.extent)]));
    const digits = digitsOf(variable(name), extents);
    const values = new Map(iters.map((iter, i) => [iter.name, digits[i] as Expr]));
    const inside = (expr: Expr): Expr => simplify(substitute(expr, values), ranges);
    const rewrite = (other: Block): Block =>
      other.name !== block.name
        ? other
        : {
            ...other,
            iters: joined,
            writes: other.writes.map((write) => ({
              ...write,
              indices: write.indices.map(inside),
              value: inside(write.value),
            })),
          };
    return { ...fused.program, body: fused.program.body.map((stmt) => mapBlocks(stmt, rewrite)) };
  },
  describe: ({ block, iters }) => `fuseIters(${block}, ${iters.join(', ')})`,
});

function itersOf(block: Block, names: readonly string[]): readonly Iter[] | Refusal {
  const iters: Iter[] = [];
  for (const name of names) {
    const iter = findIter(block, name);
    if (isRefusal(iter)) return iter;
    iters.push(iter);
  }
  const [first] = iters;
  const other = iters.find((iter) => iter.type !== first?.type);
  if (other === undefined) return iters;
  return refuse(
    'iters-differ',
    () =>
      `iter ${first?.name} of block ${block.name} is ${first?.type} and ${other.name} is ${other.type}; expected iters of one kind`,
  );
}

/** The loop that drives an iter; refuses one that is split, guarded or shared with another block. */
function loopOf({ block, around }: BlockSite, iter: Iter): For | Refusal {
  const { binding } = iter;
  const loop = around.find((candidate) => binding.kind === 'var' && candidate.name === binding.name);
  const guarded = loop !== undefined && block.predicate.some((condition) => usesVar(condition, loop.name));
  if (loop !== undefined && !guarded && loop.extent === iter.extent) {
    if (onlyBlockUnder(loop) !== null) return loop;
    return refuse(
      'loop-shared',
      () => `loop ${loop.name} of block ${block.name} holds other blocks too; expected loops of its own`,
      () => 'fuseIters before computeAt puts other blocks there',
    );
  }
  return refuse(
    'iter-not-a-loop',
    () =>
      `iter ${iter.name} of block ${block.name} is ${printExpr(binding)}, no loop of ${iter.extent} iterations of its own`,
    () => 'fuseIters before anything else',
  );
}
