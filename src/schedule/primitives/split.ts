import { z } from 'zod';
import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, forLoop, int, lt, mul, variable } from '../../ir/builders.ts';
import type { Block, Expr, For, Stmt } from '../../ir/nodes.ts';
import { freshName, namesOf, replaceInProgram, substitute } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { factorArg, nameArg } from '../arguments.ts';
import { loopUnder } from '../legality/binding.ts';
import { findLoop, loopRanges } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

const args = z.strictObject({
  loop: nameArg,
  /** Extents of the new loops, outermost first; one may be null, which stands for the remaining extent, rounded up. */
  factors: z.array(factorArg.nullable()).min(2).max(8),
});

/**
 * for i in N: S(i)   ->   for i_0 in ceil(N/F): for i_1 in F: S(i_0*F + i_1)      (where i_0*F + i_1 < N, when F does not divide N)
 * Halide: split. TVM: split.
 */
export const split = definePrimitive({
  name: 'split',
  summary:
    'Turns one loop into a nest of two or more; where the factors do not divide the extent, the blocks below get a guard.',
  rewrite: 'for i in N: S(i)  ->  for i_0 in ceil(N/F): for i_1 in F: S(i_0*F + i_1) where i_0*F + i_1 < N',
  halide: 'split',
  tvm: 'split',
  args,
  check(program, { loop: name, factors }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const refused = requireSerial(found.loop);
    if (refused !== null) return refused;
    const open = factors.filter((factor) => factor === null).length;
    if (open > 1)
      return refuse(
        'two-open-factors',
        () => `split of ${name} leaves ${open} factors open; expected at most one null`,
      );
    const known = factors.reduce<number>((product, factor) => product * (factor ?? 1), 1);
    const { extent } = found.loop;
    const extents = factors.map((factor) => factor ?? Math.ceil(extent / known));
    const product = extents.reduce((all, next) => all * next, 1);
    if (product < extent) {
      return refuse(
        'factors-too-small',
        () => `split of ${name} by ${factors.join(' x ')} covers ${product} of its ${extent} iterations`,
        () => 'make one factor null, or raise a factor',
      );
    }
    if (product > 2 ** 31 - 1)
      return refuse(
        'factors-too-large',
        () => `split of ${name} makes ${product} iterations; expected fewer than 2^31`,
      );
    const workgroup = loopUnder(found.loop, (other) => other.mode.startsWith('workgroup'));
    if (product > 1 && workgroup !== undefined)
      return refuse(
        'workgroup-inside-loop',
        () =>
          `split of ${name} would make a loop of ${product} iterations around ${workgroup.name} (${workgroup.mode}); a workgroup loop may stand only inside other workgroup loops`,
      );
    return { loop: found.loop, extents, guarded: product > extent };
  },
  apply(program, { loop, extents, guarded }) {
    const taken = namesOf(program);
    const names = extents.map((_, index) => {
      const name = freshName(taken, `${loop.name}_${index}`);
      taken.add(name);
      return name;
    });
    const value = names.reduce<Expr>((sum, name, index) => {
      const stride = extents.slice(index + 1).reduce((all, next) => all * next, 1);
      return index === 0 ? mul(variable(name), int(stride)) : add(sum, mul(variable(name), int(stride)));
    }, int(0));
    const ranges = loopRanges(program);
    names.forEach((name, index) => {
      ranges.set(name, rangeOfExtent(extents[index] as number));
    });
    const index = simplify(value, ranges);
    const values = new Map([[loop.name, index]]);
    const guard = lt(index, int(loop.extent));
    const rewrite = (block: Block): Block => ({
      ...block,
      iters: block.iters.map((iter) => ({ ...iter, binding: simplify(substitute(iter.binding, values), ranges) })),
      predicate: [...block.predicate.map((condition) => substitute(condition, values)), ...(guarded ? [guard] : [])],
    });
    const body = mapBlocks(loop.body, rewrite);
    const nest = names.reduceRight<Stmt>((inner, name, i) => forLoop(name, extents[i] as number, inner), body);
    return replaceInProgram(
      program,
      (stmt) => stmt === loop,
      () => nest as For,
    );
  },
  describe: ({ loop, factors }) => `split(${loop}, [${factors.map(String).join(', ')}])`,
});
