import { z } from 'zod';
import { isCertain, simplify } from '../../arithmetic/simplify.ts';
import { int, lt } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, Program, Write } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { mapExpr, readsOf, replaceInProgram, substitute } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { type BlockSite, findBlock, findBuffer, loopRanges, ownNest } from '../legality/find.ts';
import {
  requireElementwise,
  requireOneWrite,
  requireOnlyReader,
  requireOnlyWriter,
  requireOthersComplete,
  requireOwnIndex,
  requireOwnLoops,
} from '../legality/producer.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * T[p(x)] = e(x)   D[f(i)] = g(T[i], bias[..])   ->   D[f(p(x))] = g(e(x), bias[..])
 * An elementwise block is merged into the block that makes its operand, and the buffer between them disappears: an epilogue (bias,
 * activation) is computed where a result is stored. The producer must not be a reduction, whose elements are not complete until its last
 * step; the block that stores its result after cacheWrite is none. The block's other operands must be complete there.
 * Halide: compute_inline of the producer's pure definition into its consumer has no inverse. TVM: reverse_compute_inline.
 */
export const reverseComputeInline = definePrimitive({
  name: 'reverseComputeInline',
  summary: 'Puts an elementwise block into the block that makes what it reads and removes the buffer between them.',
  rewrite: 'T[x] = e(x); D[i] = g(T[i])  ->  D[x] = g(e(x))',
  halide: '-',
  tvm: 'reverse_compute_inline',
  args: z.strictObject({ block: nameArg }),
  check(program, { block: name }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const found = findProducer(program, site);
    if (isRefusal(found)) return found;
    const { producer, made } = found;
    const at = requireOwnIndex(site.block, made);
    if (isRefusal(at)) return at;
    const refused = requireOwnLoops(site, producer) ?? requireOthersComplete(program, site.block, producer);
    if (refused !== null) return refused;
    const joined = join(program, site.block, producer.block, made, at);
    if (isRefusal(joined)) return joined;
    return { nest: ownNest(site), producer: producer.block, joined, made };
  },
  apply(program, { nest, producer, joined, made }) {
    const removed = replaceInProgram(
      program,
      (stmt) => stmt === nest,
      () => null,
    );
    return replaceInProgram(
      { ...removed, buffers: removed.buffers.filter((buffer) => buffer.name !== made.name) },
      (stmt) => stmt === producer,
      () => joined,
    );
  },
  describe: ({ block }) => `reverseComputeInline(${block})`,
});

/** The one block that makes what an elementwise block reads, and the buffer in which they meet. */
function findProducer(
  program: Program,
  { block }: BlockSite,
): { readonly producer: BlockSite; readonly made: Buffer } | Refusal {
  const { name } = block;
  const write = requireElementwise(block, 'computeAt brings its producers to it instead');
  if (isRefusal(write)) return write;
  if (readsOf(block).some((read) => read.buffer === write.buffer))
    return refuse('reads-own-write', () => `block ${name} reads ${write.buffer}, which it writes itself`);
  const single = requireOnlyWriter(program, write.buffer, name);
  if (single !== null) return single;
  const made = requireOnlyReader(program, block);
  if (isRefusal(made)) return made;
  const buffer = findBuffer(program, made.buffer);
  if (isRefusal(buffer)) return buffer;
  const { producer } = made;
  if (producer.block.reducer !== null)
    return refuse(
      'producer-reduces',
      () =>
        `block ${producer.block.name} is a reduction, so an element of ${buffer.name} is not complete until its last step; expected an elementwise producer`,
      () => `cacheWrite(${producer.block.name}, private) first: the block that then stores ${buffer.name} is one`,
    );
  const from = requireOneWrite(producer.block);
  return isRefusal(from) ? from : { producer, made: buffer };
}

/** The producer with the consumer's expression in it: the indices of the producer's write take the place of the consumer's iters. */
function join(
  program: Program,
  consumer: Block,
  producer: Block,
  made: Buffer,
  at: ReadonlyMap<string, number>,
): Block | Refusal {
  const from = producer.writes[0] as Write;
  const to = consumer.writes[0] as Write;
  const iterRanges = new Map(producer.iters.map((iter) => [iter.name, { min: 0, max: iter.extent - 1 }]));
  const ranges = loopRanges(program);
  const shorter = new Map<string, number>();
  const values = new Map<string, Expr>();
  const predicate = [...producer.predicate];
  for (const iter of consumer.iters) {
    const dimension = at.get(iter.name);
    const index = dimension === undefined ? int(0) : (from.indices[dimension] as Expr);
    values.set(iter.name, index);
    // The consumer may read only a part of the buffer: then the producer's iter ends where the consumer's does.
    if (dimension === undefined || iter.extent >= (made.shape[dimension] as number)) continue;
    const own = producer.iters.find((other) => index.kind === 'var' && other.name === index.name);
    if (own === undefined)
      return refuse(
        'index-not-plain',
        () =>
          `block ${consumer.name} reads ${iter.extent} of ${made.shape[dimension]} elements in dimension ${dimension} of ${made.name}, where block ${producer.name} writes it at ${printExpr(index)}; expected an iter of it`,
      );
    shorter.set(own.name, iter.extent);
    const inside = simplify(lt(own.binding, int(iter.extent)), ranges);
    if (!isCertain(inside)) predicate.push(inside);
  }
  const rename = (expr: Expr): Expr => simplify(substitute(expr, values), iterRanges);
  const value = mapExpr(substitute(to.value, values), (expr) =>
    expr.kind === 'load' && expr.buffer === made.name ? from.value : expr,
  );
  return {
    ...producer,
    iters: producer.iters.map((iter) => ({ ...iter, extent: shorter.get(iter.name) ?? iter.extent })),
    predicate,
    writes: [{ buffer: to.buffer, indices: to.indices.map(rename), value: simplify(value, iterRanges) }],
  };
}
