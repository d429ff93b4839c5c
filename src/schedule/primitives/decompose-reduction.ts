import { z } from 'zod';
import { isCertain, simplify } from '../../arithmetic/simplify.ts';
import { forLoop, int, seq, variable } from '../../ir/builders.ts';
import type { Block, Expr, For, Stmt } from '../../ir/nodes.ts';
import { reducers } from '../../ir/reducers.ts';
import { freshName, namesOf, readsOf, replaceInProgram, substitute, usesVar } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { blocksUnder, findBlock, loopRanges } from '../legality/find.ts';
import { reducesOver } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * for k: for i: C[i] (+)= e   ->   for i: C[i] = 0   for k: for i: C[i] += e
 * The initialising block stands right before the named loop, under copies of the spatial loops from there inwards.
 * Halide: the pure definition of an update. TVM: decompose_reduction.
 */
export const decomposeReduction = definePrimitive({
  name: 'decomposeReduction',
  summary: 'Splits a reduction into a block that stores the identity before a loop and the block that updates.',
  rewrite: 'for k: C[i] (+)= e  ->  C[i] = 0; for k: C[i] += e',
  halide: 'update definitions',
  tvm: 'decompose_reduction',
  args: z.strictObject({ block: nameArg, loop: nameArg }),
  check(program, { block: name, loop: loopName }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block, around } = site;
    const { reducer } = block;
    if (reducer === null) return refuse('no-reduction', () => `block ${name} is no reduction`);
    if (!reducer.initialises)
      return refuse('already-decomposed', () => `the reduction of block ${name} is decomposed already`);
    const position = around.findIndex((loop) => loop.name === loopName);
    if (position < 0) {
      return refuse(
        'loop-not-around',
        () => `loop ${loopName} does not stand around block ${name}`,
        () => `the loops around it are ${around.map((loop) => loop.name).join(', ')}`,
      );
    }
    const first = around.findIndex((loop) => reducesOver(block, loop.name));
    if (first >= 0 && position > first) {
      return refuse(
        'inside-reduction',
        () =>
          `loop ${loopName} stands inside the reduction loop ${around[first]?.name}; the identity must be stored before the reduction begins`,
        () => `decompose at ${around[first]?.name} or a loop around it`,
      );
    }
    const loop = around[position] as For;
    if (loop.mode === 'matrix' && around[position - 1]?.mode === 'matrix')
      return refuse(
        'matrix-nest',
        () => `loop ${loopName} is in the middle of the tile of block ${name}, which one subgroup runs as a whole`,
        () => `decompose at ${around.find((other) => other.mode === 'matrix')?.name} or a loop around it`,
      );
    const written = new Set(block.writes.map((write) => write.buffer));
    const reader = blocksUnder(loop).find((other) => readsOf(other).some((read) => written.has(read.buffer)));
    if (reader !== undefined)
      return refuse(
        'reader-inside',
        () =>
          `loop ${loopName} holds block ${reader.name} too, which reads the result of block ${name} in every iteration`,
        () => 'decompose at a loop inside',
      );
    return { block, reducer, loop, inner: around.slice(position) };
  },
  apply(program, { block, reducer, loop, inner }) {
    const taken = namesOf(program);
    const initName = freshName(taken, `init_${block.name}`);
    taken.add(initName);
    const spatial = block.iters.filter((iter) => iter.type === 'spatial');
    const reduction = new Set(inner.filter((outer) => reducesOver(block, outer.name)).map((outer) => outer.name));
    const drivesSpatial = (name: string): boolean => spatial.some((iter) => usesVar(iter.binding, name));
    // The identity is stored where the reduction begins: unless the guards hold there, the block never runs for these spatial iters.
    const atStart = new Map<string, Expr>(
      [...reduction].filter((name) => !drivesSpatial(name)).map((name) => [name, int(0)]),
    );
    const ranges = loopRanges(program);
    const predicate = block.predicate
      .map((condition) => simplify(substitute(condition, atStart), ranges))
      .filter((condition) => !isCertain(condition));
    const needed = inner.filter(
      (outer) => drivesSpatial(outer.name) || predicate.some((condition) => usesVar(condition, outer.name)),
    );
    const copies = new Map<string, string>();
    for (const outer of needed) {
      const copy = freshName(taken, `init_${outer.name}`);
      taken.add(copy);
      copies.set(outer.name, copy);
    }
    const renamed = new Map<string, Expr>([...copies].map(([from, to]) => [from, variable(to)]));
    const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]));
    const identity = reducers[reducer.op].identity(
      block.writes.map((write) => buffers.get(write.buffer)?.dtype ?? 'f32'),
    );
    const init: Block = {
      kind: 'block',
      name: initName,
      iters: spatial.map((iter) => ({ ...iter, binding: substitute(iter.binding, renamed) })),
      predicate: predicate.map((condition) => substitute(condition, renamed)),
      writes: block.writes.map((write, i) => ({ ...write, value: identity[i] as Expr })),
      reducer: null,
    };
    const nest = needed.reduceRight<Stmt>(
      (body, outer) => forLoop(copies.get(outer.name) as string, outer.extent, body, outer.mode),
      init,
    );
    const update = mapBlocks(loop, (other) =>
      other === block ? { ...block, reducer: { ...reducer, initialises: false } } : other,
    );
    return replaceInProgram(
      program,
      (stmt) => stmt === loop,
      () => seq([nest, update]),
    );
  },
  describe: ({ block, loop }) => `decomposeReduction(${block}, ${loop})`,
});
