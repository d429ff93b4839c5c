import { z } from 'zod';
import type { Block, Expr } from '../../ir/nodes.ts';
import { mapExpr, readsOf, replaceInProgram, substitute } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findBlock, ownNest, readersOf } from '../legality/find.ts';
import { requireProducersFollow } from '../legality/move.ts';
import { requireElementwise, requireOnlyWriter } from '../legality/producer.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * T[i] = f(i)   C[j] = g(T[h(j)])   ->   C[j] = g(f(h(j)))
 * Halide: compute_inline. TVM: compute_inline.
 */
export const computeInline = definePrimitive({
  name: 'computeInline',
  summary: 'Puts the expression of an elementwise block into its readers and removes the block and its buffer.',
  rewrite: 'T[i] = f(i); C[j] = g(T[h(j)])  ->  C[j] = g(f(h(j)))',
  halide: 'compute_inline',
  tvm: 'compute_inline',
  args: z.strictObject({ block: nameArg }),
  check(program, { block: name }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block } = site;
    const write = requireElementwise(block, 'computeAt moves a reduction into its readers');
    if (isRefusal(write)) return write;
    if (program.outputs.includes(write.buffer))
      return refuse('writes-output', () => `block ${name} writes the output ${write.buffer}, which must stay`);
    const single = requireOnlyWriter(program, write.buffer, name);
    if (single !== null) return single;
    const names = write.indices.map((index) => (index.kind === 'var' ? index.name : null));
    if (names.includes(null) || new Set(names).size !== names.length || names.length !== block.iters.length) {
      return refuse(
        'index-not-plain',
        () =>
          `block ${name} does not write ${write.buffer} at exactly its iters, so its expression cannot be taken elsewhere`,
      );
    }
    const readers = readersOf(program, write.buffer);
    if (readers.length === 0)
      return refuse('no-readers', () => `nothing reads ${write.buffer}, which block ${name} writes`);
    const shared = site.around.filter((loop) => readers.every((reader) => reader.around.includes(loop)));
    const leaving = requireProducersFollow(program, site, shared);
    if (leaving !== null) return leaving;
    return { nest: ownNest(site), write, names: names as string[] };
  },
  apply(program, { nest, write, names }) {
    const removed = replaceInProgram(
      program,
      (stmt) => stmt === nest,
      () => null,
    );
    const inline = (value: Expr): Expr =>
      mapExpr(value, (expr) => {
        if (expr.kind !== 'load' || expr.buffer !== write.buffer) return expr;
        return substitute(write.value, new Map(names.map((name, d) => [name, expr.indices[d] as Expr])));
      });
    const rewrite = (block: Block): Block =>
      readsOf(block).some(({ buffer }) => buffer === write.buffer)
        ? {
            ...block,
            writes: block.writes.map((other) => ({
              ...other,
              indices: other.indices.map(inline),
              value: inline(other.value),
            })),
          }
        : block;
    return {
      ...removed,
      buffers: removed.buffers.filter((buffer) => buffer.name !== write.buffer),
      body: removed.body.map((stmt) => mapBlocks(stmt, rewrite)),
    };
  },
  describe: ({ block }) => `computeInline(${block})`,
});
