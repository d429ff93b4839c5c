import { rangeOfExtent } from '../arithmetic/bounds.ts';
import { floorDiv, floorMod } from '../arithmetic/linear.ts';
import { isCertain, simplify } from '../arithmetic/simplify.ts';
import { forLoop, variable } from '../ir/builders.ts';
import type { Expr, For, Program } from '../ir/nodes.ts';
import { freshName, namesOf, replaceInProgram, substitute } from '../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';
import { findLoop, loopRanges } from './legality/find.ts';
import { requireSerial } from './legality/loops.ts';
import { mapBlocks } from './rewrite.ts';

const longestName = 150;

/** The name of several loops or iters that become one. It is cut where it would be longer than traces allow, as after repeated fusing. */
export function fusedName(names: readonly string[]): string {
  const joined = names.join('_');
  return joined.length <= longestName ? joined : `${names[0]?.slice(0, longestName)}_fused`;
}

/** The serial loops of these names; requires each directly and alone inside the one before it, with fewer than 2^31 iterations together. */
export function requireFusible(program: Program, names: readonly string[]): readonly For[] | Refusal {
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
  if (extent <= 2 ** 31 - 1) return loops;
  return refuse(
    'extent-too-large',
    () => `fusing ${names.join(', ')} makes a loop of ${extent}; expected fewer than 2^31`,
  );
}

/** The digits of a counter over all combinations, in mixed bases given by the extents; the last digit runs fastest. */
export function digitsOf(counter: Expr, extents: readonly number[]): Expr[] {
  let inner = 1;
  return extents
    .toReversed()
    .map((extent) => {
      const digit = floorMod(floorDiv(counter, inner), extent);
      inner *= extent;
      return digit;
    })
    .reverse();
}

/** Replaces perfectly nested loops by one loop called `name`, in the place of the outermost. */
export function fuseLoops(
  program: Program,
  loops: readonly For[],
): { readonly program: Program; readonly name: string } {
  const name = freshName(namesOf(program), fusedName(loops.map((loop) => loop.name)));
  const extents = loops.map((loop) => loop.extent);
  const extent = extents.reduce((product, each) => product * each, 1);
  const ranges = loopRanges(program);
  ranges.set(name, rangeOfExtent(extent));
  const digits = digitsOf(variable(name), extents);
  const values = new Map(loops.map((loop, i) => [loop.name, simplify(digits[i] as Expr, ranges)]));
  const [outermost, innermost] = [loops[0] as For, loops.at(-1) as For];
  const body = mapBlocks(innermost.body, (block) => ({
    ...block,
    iters: block.iters.map((iter) => ({ ...iter, binding: simplify(substitute(iter.binding, values), ranges) })),
    predicate: block.predicate
      .map((condition) => simplify(substitute(condition, values), ranges))
      .filter((condition) => !isCertain(condition)),
  }));
  const fused = replaceInProgram(
    program,
    (stmt) => stmt === outermost,
    () => forLoop(name, extent, body),
  );
  return { program: fused, name };
}
