import { z } from 'zod';
import { boundsOf, type Ranges } from '../../arithmetic/bounds.ts';
import { exprOfLinear, floorMod, linearOf } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, int, load, lt, mul, seq, sub, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, For, Program, Stmt } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { paddedStrides, paddingOf } from '../../ir/strides.ts';
import { freshName, mapExpr, namesOf, readsOf, replaceInProgram, substitute, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { copyNest } from '../copy-nest.ts';
import { type BlockSite, blocksUnder, findBuffer, loopRanges, ownNest, readersOf } from '../legality/find.ts';
import { reducesOver } from '../legality/loops.ts';
import { requireOneWriter } from '../legality/producer.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * for k in K: { T[k*S + x] = load(k)   C += f(T[k*S + x]) }
 *   ->   T[0, x] = load(0)   for k in K: { T[(k+1) % 2, x] = load(k+1) where k+1 < K   C += f(T[k % 2, x]) }
 * Two copies of a tile take turns: while one is read, the next step's tile is loaded into the other, so that loading and computing overlap
 * and a step needs one barrier instead of two. From here on the buffer is indexed by the place in the tile. A tile that reaches over the
 * end of the reduction is no longer filled with zeros, so take a step that divides, or pad first. This is one of a schedule's last steps.
 * Halide: ring_buffer with async. TVM: double_buffer.
 */
export const doubleBuffer = definePrimitive({
  name: 'doubleBuffer',
  summary: "Keeps two copies of a workgroup tile, so that the next step's loads overlap this step's computation.",
  rewrite: 'for k: { T = load(k); C += f(T) }  ->  T[0] = load(0); for k: { T[(k+1)%2] = load(k+1); C += f(T[k%2]) }',
  halide: 'ring_buffer',
  tvm: 'double_buffer',
  args: z.strictObject({ buffer: nameArg }),
  check(program, { buffer: name }) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    if (buffer.scope !== 'workgroup')
      return refuse(
        'not-workgroup',
        () => `${name} is in ${buffer.scope}; expected a tile in workgroup memory`,
        () => 'cacheRead makes one',
      );
    const producer = requireOneWriter(program, name);
    if (isRefusal(producer)) return producer;
    if (producer.block.reducer !== null)
      return refuse(
        'producer-reduces',
        () => `block ${producer.block.name} makes ${name} by a reduction; expected a block that copies or computes`,
      );
    if (producer.block.writes.length > 1)
      return refuse(
        'several-writes',
        () => `block ${producer.block.name} writes ${producer.block.writes.length} buffers; expected one`,
      );
    const readers = readersOf(program, name);
    const loop = stepLoop(producer, readers);
    if (isRefusal(loop)) return loop;
    const late = readsOf(producer.block).find((read) =>
      blocksUnder(loop).some((block) => block.writes.some((write) => write.buffer === read.buffer)),
    );
    if (late !== undefined)
      return refuse(
        'input-not-complete',
        () => `block ${producer.block.name} reads ${late.buffer}, which is computed inside loop ${loop.name} too`,
        () => 'expected what the tile is loaded from to be complete before the loop',
      );
    const steps = strideOf(program, buffer, producer, readers, loop);
    if (isRefusal(steps)) return steps;
    return { buffer, producer: producer.block, nest: ownNest(producer), readers, loop, steps };
  },
  apply(program, { buffer, producer, nest, readers, loop, steps }) {
    const reading = new Set(readers.map((reader) => reader.block));
    const turn = (stmt: Stmt): Stmt =>
      mapBlocks(stmt, (block) =>
        block === producer || reading.has(block) ? inTurns(block, buffer, loop, steps) : block,
      );
    const taken = namesOf(program);
    const ranges = loopRanges(program);
    const own = turn(nest);
    const next = add(variable(loop.name), int(1));
    const shifted = copyNest(own, {
      values: new Map([[loop.name, next]]),
      rename: (name) => name,
      buffers: new Map(),
      ranges: new Map(ranges),
    });
    const guarded = mapBlocks(shifted, (block) => ({
      ...block,
      predicate: [lt(next, int(loop.extent)), ...block.predicate],
    }));
    const first = copyNest(own, {
      values: new Map([[loop.name, int(0)]]),
      rename(name) {
        const fresh = freshName(taken, `${name}_first`);
        taken.add(fresh);
        return fresh;
      },
      buffers: new Map(),
      ranges: new Map(ranges),
    });
    const body = turn(replaceIn(loop.body, nest, guarded));
    const padding = paddingOf(buffer);
    const shape = [2, ...buffer.shape];
    const doubled: Buffer = { ...buffer, shape, ...(padding > 0 ? { strides: paddedStrides(shape, padding) } : {}) };
    return {
      ...replaceInProgram(
        program,
        (stmt) => stmt === loop,
        () => seq([first, { ...loop, body }]),
      ),
      buffers: program.buffers.map((other) => (other === buffer ? doubled : other)),
    };
  },
  describe: ({ buffer }) => `doubleBuffer(${buffer})`,
});

function replaceIn(body: Stmt, from: Stmt, to: Stmt): Stmt {
  const children = body.kind === 'seq' ? body.body : [body];
  return seq(children.map((child) => (child === from ? to : child)));
}

/** The serial loop in whose every iteration the tile is loaded and read. */
function stepLoop(producer: BlockSite, readers: readonly BlockSite[]): For | Refusal {
  const { block, around } = producer;
  const made = block.writes[0]?.buffer as string;
  if (readers.length === 0)
    return refuse('no-readers', () => `nothing reads ${made}, which block ${block.name} writes`);
  const common = around.filter((loop) => readers.every((reader) => reader.around.includes(loop)));
  const loop = common.at(-1);
  const place = loop === undefined ? -1 : around.indexOf(loop) + 1;
  const direct = loop !== undefined && ownNest(producer) === (around[place] ?? block);
  if (loop === undefined || !direct || loop.mode !== 'serial' || loop.extent < 2)
    return refuse(
      'no-steps',
      () =>
        `block ${block.name} fills ${made} ${loop === undefined ? 'once' : `inside loop ${loop.name} (${loop.mode}, ${loop.extent} iterations)`}; expected it right inside a serial loop of several steps with its readers`,
      () => 'computeAt it at the outer loop of a reduction',
    );
  if (common.length > 1) return loop;
  return refuse(
    'outermost-loop',
    () => `loop ${loop.name} is the outermost of its kernel, so that the first load would be a kernel of its own`,
    () => 'bind or split a loop around it first',
  );
}

/** The number of elements by which the tile moves in each dimension from one step to the next. */
function strideOf(
  program: Program,
  buffer: Buffer,
  producer: BlockSite,
  readers: readonly BlockSite[],
  loop: For,
): readonly number[] | Refusal {
  const ranges = loopRanges(program);
  const accesses = [
    { block: producer.block, indices: producer.block.writes[0]?.indices ?? [] },
    ...readers.flatMap(({ block }) =>
      readsOf(block)
        .filter((read) => read.buffer === buffer.name)
        .map(({ indices }) => ({ block, indices })),
    ),
  ];
  let steps: readonly number[] | null = null;
  for (const { block, indices } of accesses) {
    const values = new Map(block.iters.map((iter) => [iter.name, iter.binding]));
    const own: number[] = [];
    for (const index of indices) {
      const bound = simplify(substitute(index, values), ranges);
      const step = stepIn(bound, loop, ranges);
      if (step === null)
        return refuse(
          'no-even-steps',
          () =>
            `block ${block.name} uses ${buffer.name} at ${printExpr(bound)}, which does not move by a fixed number of elements in each step of ${loop.name}`,
        );
      own.push(step);
    }
    steps ??= own;
    if (steps.join() !== own.join())
      return refuse(
        'no-even-steps',
        () =>
          `the tile of ${buffer.name} that block ${block.name} uses moves by ${own.join(' x ')} in a step of ${loop.name}, not by ${steps?.join(' x ')} as the one that is loaded`,
      );
  }
  if (steps?.some((step) => step !== 0)) return steps;
  return refuse(
    'tile-stands-still',
    () => `every step of loop ${loop.name} loads the same tile of ${buffer.name}`,
    () => 'computeAt it outside of the loop instead',
  );
}

/** The coefficient of the loop in an index; null where the rest of the index depends on the loop or may be negative. */
function stepIn(index: Expr, loop: For, ranges: Ranges): number | null {
  const linear = linearOf(index);
  const step = linear.terms.get(loop.name)?.coefficient ?? 0;
  const rest = exprOfLinear({
    constant: linear.constant,
    terms: new Map([...linear.terms].filter(([key]) => key !== loop.name)),
  });
  return usesVar(rest, loop.name) || step < 0 || boundsOf(rest, ranges).min < 0 ? null : step;
}

/** The block with one more iter, the step, which chooses the copy of the tile; other indices count from where the step's tile begins. */
function inTurns(block: Block, buffer: Buffer, loop: For, steps: readonly number[]): Block {
  const name = freshName(new Set(block.iters.map((iter) => iter.name)), 'step');
  const ranges = new Map(block.iters.map((iter) => [iter.name, { min: 0, max: iter.extent - 1 }]));
  const move = (indices: readonly Expr[]): Expr[] => [
    floorMod(variable(name), 2),
    ...indices.map((index, d) =>
      steps[d] === 0 ? index : simplify(sub(index, mul(variable(name), int(steps[d] as number))), ranges),
    ),
  ];
  const redirect = (expr: Expr): Expr =>
    mapExpr(expr, (node) =>
      node.kind === 'load' && node.buffer === buffer.name ? load(node.buffer, move(node.indices)) : node,
    );
  const writes = block.writes.some((write) => write.buffer === buffer.name);
  const type = writes ? 'ordered' : reducesOver(block, loop.name) ? 'reduction' : 'spatial';
  return {
    ...block,
    iters: [...block.iters, { name, extent: loop.extent, type, binding: variable(loop.name) }],
    writes: block.writes.map((write) => ({
      ...write,
      indices: write.buffer === buffer.name ? move(write.indices) : write.indices,
      value: redirect(write.value),
    })),
  };
}
