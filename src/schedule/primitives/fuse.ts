import { z } from 'zod';
import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { floorDiv, floorMod } from '../../arithmetic/linear.ts';
import { isCertain, simplify } from '../../arithmetic/simplify.ts';
import { forLoop, variable } from '../../ir/builders.ts';
import type { Expr, For } from '../../ir/nodes.ts';
import { freshName, namesOf, replaceInProgram, substitute } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findLoop, loopRanges } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

const longestName = 150;

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
    const loops: For[] = [];
    for (const name of names) {
      const found = findLoop(program, name);
      if (isRefusal(found)) return found;
      const refused = requireSerial(found.loop);
      if (refused !== null) return refused;
      const above = loops.at(-1);
      if (above !== undefined && above.body !== found.loop) {
        return refuse(
          'not-perfectly-nested',
          () =>
            `loop ${name} is not directly and alone inside ${above.name}; expected perfectly nested loops, outermost first`,
          () => 'reorder them next to each other first',
        );
      }
      loops.push(found.loop);
    }
    const extent = loops.reduce((product, loop) => product * loop.extent, 1);
    if (extent > 2 ** 31 - 1)
      return refuse(
        'extent-too-large',
        () => `fusing ${names.join(', ')} makes a loop of ${extent}; expected fewer than 2^31`,
      );
    return { loops, extent };
  },
  apply(program, { loops, extent }) {
    const joined = loops.map((loop) => loop.name).join('_');
    // A trace takes names up to a length; fusing what was fused before must not outgrow it.
    const wish = joined.length <= longestName ? joined : `${loops[0]?.name.slice(0, longestName)}_fused`;
    const name = freshName(namesOf(program), wish);
    const ranges = loopRanges(program);
    ranges.set(name, rangeOfExtent(extent));
    const values = new Map<string, Expr>();
    let inner = 1;
    for (const loop of [...loops].reverse()) {
      values.set(loop.name, simplify(floorMod(floorDiv(variable(name), inner), loop.extent), ranges));
      inner *= loop.extent;
    }
    const outermost = loops[0] as For;
    const innermost = loops.at(-1) as For;
    const body = mapBlocks(innermost.body, (block) => ({
      ...block,
      iters: block.iters.map((iter) => ({ ...iter, binding: simplify(substitute(iter.binding, values), ranges) })),
      predicate: block.predicate
        .map((condition) => simplify(substitute(condition, values), ranges))
        .filter((condition) => !isCertain(condition)),
    }));
    return replaceInProgram(
      program,
      (stmt) => stmt === outermost,
      () => forLoop(name, extent, body),
    );
  },
  describe: ({ loops }) => `fuse(${loops.join(', ')})`,
});
