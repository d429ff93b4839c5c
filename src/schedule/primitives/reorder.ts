import { z } from 'zod';
import type { Block, For, Stmt } from '../../ir/nodes.ts';
import { replaceInProgram, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { blocksUnder, findLoop } from '../legality/find.ts';
import { reducesOver, requireParallel, requireUnordered } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';

/**
 * for i: for j: for k: S   ->   for k: for j: for i: S       reorder(k, j, i); loops that stand between and are not named keep their place
 * Halide: reorder (which names the innermost first). TVM: reorder.
 */
export const reorder = definePrimitive({
  name: 'reorder',
  summary: 'Puts loops of one perfect nest into another order; loops between them that are not named keep their place.',
  rewrite: 'for i: for j: S  ->  for j: for i: S',
  halide: 'reorder',
  tvm: 'reorder',
  args: z.strictObject({ loops: z.array(nameArg).min(2).max(32) }),
  check(program, { loops: names }) {
    if (new Set(names).size !== names.length)
      return refuse('repeated-loop', () => `reorder names a loop twice: ${names.join(', ')}`);
    const wanted: For[] = [];
    for (const name of names) {
      const found = findLoop(program, name);
      if (isRefusal(found)) return found;
      wanted.push(found.loop);
    }
    const outermost = wanted.find((loop) => names.every((name) => name === loop.name || isInside(loop, name)));
    if (outermost === undefined)
      return refuse('not-on-one-path', () => `the loops ${names.join(', ')} do not stand inside one another`);
    const chain: For[] = [];
    let left = names.length;
    for (let stmt: Stmt = outermost; left > 0; stmt = (stmt as For).body) {
      if (stmt.kind !== 'for') {
        const where = chain.at(-1)?.name ?? outermost.name;
        return refuse(
          'not-perfectly-nested',
          () =>
            `below loop ${where} stands more than one statement, so the loops ${names.join(', ')} are not perfectly nested`,
        );
      }
      chain.push(stmt);
      if (names.includes(stmt.name)) left--;
    }
    const innermost = chain.at(-1) as For;
    const blocks = blocksUnder(innermost);
    for (const loop of chain) {
      const refused =
        blocks.length > 1
          ? requireParallel(loop)
          : (requireUnordered(loop, blocks) ?? requireZeroFirst(loop, blocks[0] as Block));
      if (refused !== null) return refused;
    }
    const order = [...wanted];
    const replaced = chain.map((loop) => (wanted.includes(loop) ? (order.shift() as For) : loop));
    const refused = requireOrder(replaced);
    if (refused !== null) return refused;
    return { chain, replaced };
  },
  apply(program, { chain, replaced }) {
    const core = (chain.at(-1) as For).body;
    const nest = replaced.reduceRight<Stmt>((body, loop) => ({ ...loop, body }), core);
    return replaceInProgram(
      program,
      (stmt) => stmt === chain[0],
      () => nest,
    );
  },
  describe: ({ loops }) => `reorder(${loops.join(', ')})`,
});

/** Refuses a loop that drives both reduction and spatial iters of a block: in another order it might not begin where the reduction does. */
function requireZeroFirst(loop: For, block: Block): Refusal | null {
  if (block.reducer?.initialises !== true || !reducesOver(block, loop.name)) return null;
  const spatial = block.iters.find((iter) => iter.type === 'spatial' && usesVar(iter.binding, loop.name));
  if (spatial === undefined) return null;
  return refuse(
    'loop-also-spatial',
    () =>
      `loop ${loop.name} drives the reduction of block ${block.name} and its spatial iter ${spatial.name}; in another order it could start in the middle of a reduction`,
    () => `decomposeReduction of ${block.name} first`,
  );
}

/** Refuses an order in which a vectorized loop is not innermost, or a workgroup loop stands inside another kind of loop. */
function requireOrder(loops: readonly For[]): Refusal | null {
  for (const [position, loop] of loops.entries()) {
    if (loop.mode === 'matrix')
      return refuse(
        'matrix-nest',
        () =>
          `${loop.name} is a matrix loop: the loops of its tile keep their order and stand in nothing that is moved`,
        () => 'reorder before subgroupMatrix',
      );
    if (loop.mode === 'vectorized' && position < loops.length - 1) {
      const inner = loops[position + 1] as For;
      return refuse(
        'not-innermost',
        () => `the vectorized loop ${loop.name} would stand around ${inner.name}; expected it innermost`,
      );
    }
    const outer = loops.slice(0, position).find((other) => !other.mode.startsWith('workgroup') && other.extent > 1);
    if (loop.mode.startsWith('workgroup') && outer !== undefined) {
      return refuse(
        'workgroup-inside-loop',
        () =>
          `loop ${loop.name} (${loop.mode}) would stand inside ${outer.name} (${outer.mode}); a workgroup loop may stand only inside other workgroup loops`,
      );
    }
  }
  return null;
}

function isInside(loop: For, name: string): boolean {
  let inside = false;
  const look = (stmt: Stmt): void => {
    if (stmt.kind === 'for') {
      if (stmt.name === name) inside = true;
      look(stmt.body);
    } else if (stmt.kind === 'seq') stmt.body.forEach(look);
  };
  look(loop.body);
  return inside;
}
