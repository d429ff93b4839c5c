import { z } from 'zod';
import { conjunction } from '../../arithmetic/simplify.ts';
import { forLoop, load, select, seq, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, For, Iter, Stmt } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { reducers } from '../../ir/reducers.ts';
import { freshName, namesOf, replaceInProgram, substitute, usesVar, varsOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findBlock, findBuffer, ownNest } from '../legality/find.ts';
import { boundLoop, reducesOver, requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';

/** More dimensions than any buffer has. */
const mostAxes = 64;

/**
 * for i: for ko: for ki: C[i] += e(i, ko, ki)
 *   ->   for i: for ko: for ki: C_rf[i, ki] += e(i, ko, ki)      for i: for ki: C[i] += C_rf[i, ki]
 * The named loop becomes spatial in the first block, so it can be bound: reductions across invocations, and split-K over workgroups.
 * Partial results lie side by side along the last dimension, or along dimension `axis`: at 0, those of one iteration lie together as the
 * result does. A reduction of tuples gets partial results of tuples, one buffer per value. A guard on the reduction becomes a select of the
 * identity, so that every partial result is defined.
 * Halide: rfactor. TVM: rfactor, whose factor_axis is `axis`.
 */
export const rfactor = definePrimitive({
  name: 'rfactor',
  summary: 'Splits a reduction in two: partial results, one for each iteration of a loop, and their reduction.',
  rewrite: 'for ko: for ki: C += e  ->  for ki: for ko: C_rf[ki] += e; for ki: C += C_rf[ki]',
  halide: 'rfactor',
  tvm: 'rfactor',
  args: z.strictObject({
    block: nameArg,
    loop: nameArg,
    /** Dimension of the partial results that counts the loop's iterations; the last one when left out. */
    axis: z.int().min(0).max(mostAxes).optional(),
  }),
  check(program, { block: name, loop: loopName, axis }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block, around } = site;
    const { reducer } = block;
    if (reducer === null || !reducer.initialises)
      return refuse(
        'no-reduction',
        () => `block ${name} is no whole reduction`,
        () => 'rfactor before decomposeReduction',
      );
    const nest = ownNest(site);
    const own = nest.kind === 'for' ? around.slice(around.indexOf(nest)) : [];
    const factor = own.find((loop) => loop.name === loopName);
    if (factor === undefined || nest.kind !== 'for') {
      return refuse(
        'loop-not-around',
        () => `loop ${loopName} is no loop of block ${name} alone`,
        () => `its own loops are ${own.map((loop) => loop.name).join(', ')}`,
      );
    }
    if (!reducesOver(block, loopName)) {
      const over = own.filter((loop) => reducesOver(block, loop.name)).map((loop) => loop.name);
      return refuse(
        'not-a-reduction-loop',
        () => `block ${name} does not reduce over loop ${loopName}`,
        () => `it reduces over ${over.join(', ')}`,
      );
    }
    const outside = around.find((loop) => !own.includes(loop) && reducesOver(block, loop.name));
    if (outside !== undefined)
      return refuse(
        'loop-shared',
        () => `block ${name} reduces over loop ${outside.name} too, which holds other blocks`,
        () => 'rfactor before computeAt puts other blocks there',
      );
    for (const loop of own) {
      const refused = requireSerial(loop);
      if (refused !== null) return refused;
    }
    for (const loop of own) {
      if (!reducesOver(block, loop.name)) continue;
      const mixed = block.iters.find((iter) => iter.type === 'spatial' && usesVar(iter.binding, loop.name));
      if (mixed !== undefined)
        return refuse(
          'loop-also-spatial',
          () => `loop ${loop.name} drives the reduction of block ${name} and also its spatial iter ${mixed.name}`,
        );
    }
    const mixedGuard = block.predicate.find((condition) => {
      const over = [...varsOf(condition)].map((loop) => reducesOver(block, loop));
      return over.includes(true) && over.includes(false);
    });
    if (mixedGuard !== undefined)
      return refuse(
        'guard-mixes',
        () =>
          `the guard ${printExpr(mixedGuard)} of block ${name} depends on reduction loops and on others, so it cannot become part of the partial results' values`,
        () => 'split spatial and reduction loops apart',
      );
    const dimensions = block.iters.filter((iter) => iter.type === 'spatial').length;
    if (axis !== undefined && axis > dimensions)
      return refuse(
        'no-such-axis',
        () =>
          `the partial results of block ${name} have ${dimensions + 1} dimensions; expected an axis from 0 to ${dimensions}, got ${axis}`,
      );
    const buffers = block.writes.map((write) => findBuffer(program, write.buffer) as Buffer);
    const bound = boundLoop(around);
    if (bound !== undefined && buffers.some((buffer) => buffer.scope === 'storage'))
      return refuse(
        'storage-in-kernel',
        () =>
          `block ${name} stands inside loop ${bound.name}, which is ${bound.mode}, and writes storage; invocations could not see each other's partial results there`,
        () => `rfactor before ${bound.name} is bound`,
      );
    return { block, reducer, nest, own, factor, buffers, axis: axis ?? dimensions };
  },
  apply(program, { block, reducer, nest, own, factor, buffers, axis }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const spatial = block.iters.filter((iter) => iter.type === 'spatial');
    const partialBuffers = buffers.map(
      ({ name, dtype, scope }): Buffer => ({
        name: fresh(`${name}_rf`),
        dtype,
        shape: spatial.map((iter) => iter.extent).toSpliced(axis, 0, factor.extent),
        // Partial results stay in the memory of the result, also where that is a tile in nearer memory.
        scope,
      }),
    );
    const partialName = fresh(`${block.name}_rf`);
    const copies = new Map(own.map((loop) => [loop.name, fresh(`${loop.name}_rf`)]));
    const renamed = new Map<string, Expr>([...copies].map(([from, to]) => [from, variable(to)]));
    const spatialVars = spatial.map((iter) => variable(iter.name));

    // Each reduction iter is replaced by its binding, in terms of one new iter per loop that drives it; the factored loop's iter is spatial.
    const iterNames = new Set(block.iters.map((iter) => iter.name));
    const freshIter = (wish: string): string => {
      const name = freshName(iterNames, wish);
      iterNames.add(name);
      return name;
    };
    const factorIter = freshIter('rf');
    const reductionLoops = own.filter((loop) => reducesOver(block, loop.name) && loop !== factor);
    const loopIters = new Map<string, string>([
      [factor.name, factorIter],
      ...reductionLoops.map((loop): [string, string] => [loop.name, freshIter(`${loop.name}`)]),
    ]);
    const asIters = new Map<string, Expr>([...loopIters].map(([loop, iter]) => [loop, variable(iter)]));
    const values = new Map<string, Expr>();
    for (const iter of block.iters)
      if (iter.type === 'reduction') values.set(iter.name, substitute(iter.binding, asIters));
    const reductionNames = new Set([factor.name, ...reductionLoops.map((loop) => loop.name)]);
    const overReduction = (condition: Expr): boolean => [...varsOf(condition)].some((name) => reductionNames.has(name));
    const kept = block.predicate.filter((condition) => !overReduction(condition));
    const guards = block.predicate.filter(overReduction).map((condition) => substitute(condition, asIters));
    const identity = reducers[reducer.op].identity(buffers.map(({ dtype }) => dtype));
    const guarded = (value: Expr, neutral: Expr): Expr =>
      guards.length === 0 ? value : select(conjunction(guards), value, neutral);
    const partialIndices = spatialVars.toSpliced(axis, 0, variable(factorIter));
    const counting: Iter = {
      name: factorIter,
      extent: factor.extent,
      type: 'spatial',
      binding: variable(copies.get(factor.name) as string),
    };
    const partialIters: Iter[] = [
      ...spatial
        .map((iter): Iter => ({ ...iter, binding: substitute(iter.binding, renamed) }))
        .toSpliced(axis, 0, counting),
      ...reductionLoops.map(
        (loop): Iter => ({
          name: loopIters.get(loop.name) as string,
          extent: loop.extent,
          type: 'reduction',
          binding: variable(copies.get(loop.name) as string),
        }),
      ),
    ];
    const partial: Block = {
      kind: 'block',
      name: partialName,
      iters: partialIters,
      predicate: kept.map((condition) => substitute(condition, renamed)),
      writes: block.writes.map(({ value }, i) => ({
        buffer: partialBuffers[i]?.name as string,
        indices: partialIndices,
        value: guarded(substitute(value, values), identity[i] as Expr),
      })),
      reducer,
    };
    const final: Block = {
      ...block,
      iters: [
        ...spatial,
        { name: factorIter, extent: factor.extent, type: 'reduction', binding: variable(factor.name) },
      ],
      predicate: kept,
      writes: block.writes.map((write, i) => ({
        ...write,
        value: load(partialBuffers[i]?.name as string, partialIndices),
      })),
    };
    const drivesSpatial = (loop: string): boolean =>
      spatial.some((iter) => usesVar(iter.binding, loop)) || kept.some((condition) => usesVar(condition, loop));
    const partialNest = own.reduceRight<Stmt>(
      (body, loop) => forLoop(copies.get(loop.name) as string, loop.extent, body),
      partial,
    );
    // Of the loops that drive neither spatial nor reduction iters, only those outside the reduction stay around the final block.
    const firstReduction = own.findIndex((loop) => loop === factor || reductionLoops.includes(loop));
    const finalLoops = own.filter(
      (loop, position) => loop === factor || position < firstReduction || drivesSpatial(loop.name),
    );
    const finalNest = finalLoops.reduceRight<Stmt>((body, loop): For => ({ ...loop, body }), final);
    return {
      ...replaceInProgram(
        program,
        (stmt) => stmt === nest,
        () => seq([partialNest, finalNest]),
      ),
      buffers: [...program.buffers, ...partialBuffers],
    };
  },
  describe: ({ block, loop, axis }) => `rfactor(${block}, ${loop}${axis === undefined ? '' : `, ${axis}`})`,
});
