import { z } from 'zod';
import { boundsOf, proves } from '../../arithmetic/bounds.ts';
import { add, forLoop, int, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, For, Program } from '../../ir/nodes.ts';
import { freshName, namesOf, readsOf, replaceInProgram, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { copyNest } from '../copy-nest.ts';
import { allBlocks, blocksUnder, findLoop, loopRanges } from '../legality/find.ts';
import { reducesOver } from '../legality/loops.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * for i in N: S(i) where g(i)   ->   for i in P: S(i)   for i_rest in N - P: S(P + i_rest) where g(P + i_rest)
 * P is where the guards begin to be needed, or the number asked for; the interior keeps all names, the rest gets new ones. A workgroup loop
 * becomes two on the same axis, which are parts of one grid. A serial loop's rest gets workgroup and private buffers of its own, so that each
 * part keeps only its tile. Since the blocks then exist twice, this is one of a schedule's last steps.
 * Halide: specialize and boundary partitioning. TVM: loop_partition.
 */
export const loopPartition = definePrimitive({
  name: 'loopPartition',
  summary: 'Splits a loop into an interior that needs no guards and a rest that keeps them.',
  rewrite: 'for i in N: S(i) where g(i)  ->  for i in P: S(i); for i_rest in N - P: S(P + i_rest) where g(P + i_rest)',
  halide: 'partition',
  tvm: 'loop_partition',
  args: z.strictObject({
    loop: nameArg,
    /** Iterations of the interior; when left out, as many as need no guards. */
    at: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional(),
  }),
  check(program, { loop: name, at }) {
    const found = findLoop(program, name);
    if (isRefusal(found)) return found;
    const { loop } = found;
    if (loop.mode !== 'serial' && !loop.mode.startsWith('workgroup'))
      return refuse(
        'loop-not-serial',
        () => `loop ${name} is ${loop.mode}; expected a serial loop or a workgroup loop`,
        () => 'partition a loop around it',
      );
    const where = at ?? interiorOf(program, loop);
    if (isRefusal(where)) return where;
    if (where >= loop.extent)
      return refuse(
        'nothing-left',
        () => `loop ${name} runs ${loop.extent} times; expected a place between 1 and ${loop.extent - 1}, got ${where}`,
      );
    const restarted = blocksUnder(loop).find((block) => mayRestart(program, block, loop, where));
    if (restarted !== undefined)
      return refuse(
        'reduction-restarts',
        () => `the reduction of block ${restarted.name} may begin in either part of loop ${name}`,
        () => `decomposeReduction of ${restarted.name} first`,
      );
    return { loop, at: where, alone: found.around.length === 0 };
  },
  apply(program, { loop, at, alone }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const ranges = loopRanges(program);
    const restRanges = new Map(ranges);
    ranges.set(loop.name, { min: 0, max: at - 1 });
    const interior = copyNest(
      { ...loop, extent: at },
      { values: new Map(), rename: (name) => name, buffers: new Map(), ranges },
    );

    const copies = loop.mode === 'serial' ? ownBuffers(program, loop) : [];
    const added = copies.map((buffer): Buffer => ({ ...buffer, name: fresh(`${buffer.name}_rest`) }));
    const name = fresh(`${loop.name}_rest`);
    restRanges.set(name, { min: 0, max: loop.extent - at - 1 });
    // Reductions over the loop continue in the rest, so they must not initialise there.
    const continued = mapBlocks(loop.body, (block) =>
      block.reducer?.initialises && reducesOver(block, loop.name)
        ? { ...block, reducer: { ...block.reducer, initialises: false } }
        : block,
    );
    const body = copyNest(continued, {
      values: new Map<string, Expr>([[loop.name, add(variable(name), int(at))]]),
      rename: (inner) => fresh(`${inner}_rest`),
      buffers: new Map(copies.map((buffer, i) => [buffer.name, added[i]?.name as string])),
      ranges: restRanges,
    });
    const rest: For = { ...loop, name, extent: loop.extent - at, body };
    const parts = { kind: 'seq', body: [interior, rest] } as const;
    const replaced = replaceInProgram(
      program,
      (stmt) => stmt === loop,
      // A loop around both parts keeps them one kernel: two statements at the top would be two.
      () => (alone ? forLoop(fresh(`${loop.name}_parts`), 1, parts) : parts),
    );
    return { ...replaced, buffers: [...replaced.buffers, ...added] };
  },
  describe: ({ loop, at }) => `loopPartition(${loop}${at === undefined ? '' : `, ${at}`})`,
});

/** How many iterations, from the first on, need none of the guards that depend on the loop. */
function interiorOf(program: Program, loop: For): number | Refusal {
  const guards = blocksUnder(loop).flatMap((block) => block.predicate.filter((guard) => usesVar(guard, loop.name)));
  if (guards.length === 0)
    return refuse(
      'no-guard',
      () => `no guard below loop ${loop.name} depends on it`,
      () => 'name the number of iterations of the interior',
    );
  const ranges = loopRanges(program);
  const free = (count: number): boolean => {
    ranges.set(loop.name, { min: 0, max: count - 1 });
    return guards.every((guard) => proves(guard, ranges));
  };
  // Guards that hold for the first n iterations hold for fewer too, so that bisection finds n.
  let low = 0;
  let high = loop.extent;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (free(middle)) low = middle;
    else high = middle;
  }
  if (low > 0) return low;
  return refuse(
    'no-interior',
    () => `already the first iteration of loop ${loop.name} needs its guards`,
    () => 'partition the loop that reaches over the edge, or choose smaller tiles',
  );
}

/** Whether a reduction over the loop might start anew in the rest: it might unless it provably continues there. */
function mayRestart(program: Program, block: Block, loop: For, at: number): boolean {
  if (!block.reducer?.initialises || !reducesOver(block, loop.name)) return false;
  const ranges = loopRanges(program);
  ranges.set(loop.name, { min: at, max: loop.extent - 1 });
  return !block.iters.some((iter) => iter.type === 'reduction' && boundsOf(iter.binding, ranges).min >= 1);
}

/** Buffers in nearer memory than storage that carry nothing from one iteration of the loop to the next. */
function ownBuffers(program: Program, loop: For): Buffer[] {
  const inside = new Set(blocksUnder(loop));
  return program.buffers.filter((buffer) => {
    if (buffer.scope === 'storage') return false;
    const users = allBlocks(program)
      .map(({ block }) => block)
      .filter((block) => [...block.writes, ...readsOf(block)].some((access) => access.buffer === buffer.name));
    return users.length > 0 && users.every((block) => inside.has(block) && !carries(block, buffer, loop));
  });
}

function carries(block: Block, buffer: Buffer, loop: For): boolean {
  return reducesOver(block, loop.name) && block.writes.some((write) => write.buffer === buffer.name);
}
