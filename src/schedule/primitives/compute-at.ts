import { z } from 'zod';
import { type Span, unionSpan, wholeSpan } from '../../arithmetic/region.ts';
import type { Block, Buffer, For, Program, Stmt, Write } from '../../ir/nodes.ts';
import { replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import {
  type BlockSite,
  blocksUnder,
  findBlock,
  findBuffer,
  findLoop,
  type LoopSite,
  ownNest,
  readersOf,
  writersOf,
} from '../legality/find.ts';
import { requireProducersFollow } from '../legality/move.ts';
import { requiredRegion } from '../legality/region.ts';
import { definePrimitive } from '../primitive.ts';
import { nestOver } from '../rewrite.ts';

/**
 * for i: T[i] = e   for i: for j: C[i,j] = T[..]   ->   for i: { for t in tile: T[base+t] = e   for j: C[i,j] = T[..] }
 * Moves a block to the start of a loop's body, right before its first reader there, and shrinks its loops to the region the readers
 * below that loop need. What lies outside the block's domain gets a guard. The block's own loops are made anew, named `block_iter`.
 * For a buffer in workgroup memory the invocation loops around count as running: the invocations share what they need together.
 * Halide: compute_at. TVM: compute_at.
 */
export const computeAt = definePrimitive({
  name: 'computeAt',
  summary: 'Computes a block inside a loop of its readers, and there only the region they need.',
  rewrite: 'for t in N: T[t] = e; for i: C[i] = T[..]  ->  for i: { for t in tile: T[base(i)+t] = e; C[i] = T[..] }',
  halide: 'compute_at',
  tvm: 'compute_at',
  args: z.strictObject({ block: nameArg, loop: nameArg }),
  check(program, { block: name, loop: loopName }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const target = findLoop(program, loopName);
    if (isRefusal(target)) return target;
    const refused = requireMovable(program, site);
    if (refused !== null) return refused;
    const nest = ownNest(site);
    const { loop } = target;
    if (loop === nest || target.around.some((around) => around === nest)) {
      return refuse(
        'loop-of-the-block',
        () => `loop ${loopName} is a loop of block ${name} itself; expected a loop of its readers`,
      );
    }
    const buffers = site.block.writes.map((write) => findBuffer(program, write.buffer) as Buffer);
    const readers = buffers.flatMap((buffer) => readersOf(program, buffer.name).map((reader) => ({ buffer, reader })));
    if (readers.length === 0)
      return refuse(
        'no-readers',
        () => `nothing reads ${buffers.map((buffer) => buffer.name).join(' or ')}, which block ${name} writes`,
      );
    const outside = readers.find(({ reader }) => !reader.around.includes(loop));
    if (outside !== undefined) {
      return refuse(
        'reader-outside',
        () =>
          `block ${outside.reader.block.name} reads ${outside.buffer.name} outside loop ${loopName}; every reader must stand inside it`,
      );
    }
    const bound = [...target.around, loop].find((around) => around.mode.includes('.'));
    const stored = buffers.find((buffer) => buffer.scope === 'storage');
    if (stored !== undefined && bound !== undefined) {
      return refuse(
        'storage-in-kernel',
        () =>
          `${stored.name} is in storage and loop ${bound.name} is ${bound.mode}; invocations could not see each other's part`,
        () => `setScope(${stored.name}, workgroup) or private first`,
      );
    }
    if (loop.mode === 'vectorized') {
      return refuse(
        'loop-vectorized',
        () => `loop ${loopName} is vectorized and holds one block; nothing can be computed inside it`,
        () => 'take a loop around it',
      );
    }
    const leaving = requireProducersFollow(program, site, [...target.around, loop]);
    if (leaving !== null) return leaving;
    const spans = spansOfIters(program, site.block, buffers, target);
    return { site, nest, loop, spans, readers: readers.map(({ reader }) => reader.block) };
  },
  apply(program, { site, nest, loop, spans, readers }) {
    const { block } = site;
    const removed = replaceInProgram(
      program,
      (stmt) => stmt === nest,
      () => null,
    );
    const inner = nestOver(removed, block, spans);
    return replaceInProgram(
      removed,
      (stmt) => stmt.kind === 'for' && stmt.name === loop.name,
      (stmt) => ({ ...(stmt as For), body: insertBefore((stmt as For).body, inner, readers) }),
    );
  },
  describe: ({ block, loop }) => `computeAt(${block}, ${loop})`,
});

/** What each spatial iter of a block runs over, so that all readers below the loop find in all its buffers what they need. */
function spansOfIters(program: Program, block: Block, buffers: readonly Buffer[], target: LoopSite): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const [position, buffer] of buffers.entries()) {
    if (readersOf(program, buffer.name).length === 0) continue;
    const region = requiredRegion(program, buffer, target.loop, target.around);
    block.writes[position]?.indices.forEach((index, dimension) => {
      if (index.kind !== 'var') return;
      const span = region[dimension] as Span;
      const held = spans.get(index.name);
      spans.set(
        index.name,
        (held && unionSpan(held, span)) ?? (held ? wholeSpan(buffer.shape[dimension] as number) : span),
      );
    });
  }
  return spans;
}

function requireMovable(program: Program, { block }: BlockSite): Refusal | null {
  for (const write of block.writes) {
    const refused = requireMovableWrite(program, block, write);
    if (refused !== null) return refused;
  }
  return null;
}

function requireMovableWrite(program: Program, block: Block, write: Write): Refusal | null {
  if (program.outputs.includes(write.buffer))
    return refuse(
      'writes-output',
      () => `block ${block.name} writes the output ${write.buffer}, all of which is needed`,
      () => 'cacheWrite it first and move the block that computes',
    );
  if (writersOf(program, write.buffer).length > 1)
    return refuse(
      'several-writers',
      () => `${write.buffer} is written by more than block ${block.name}`,
      () => 'computeAt before decomposeReduction',
    );
  const spatial = block.iters.filter((iter) => iter.type === 'spatial').map((iter) => iter.name);
  const plain = write.indices.map((index) => (index.kind === 'var' ? index.name : null));
  if (plain.includes(null) || new Set(plain).size !== plain.length || spatial.some((name) => !plain.includes(name))) {
    return refuse(
      'index-not-plain',
      () =>
        `block ${block.name} does not write ${write.buffer} at exactly its spatial iters, so the region cannot be turned into loops`,
      () => 'cacheWrite it first',
    );
  }
  return null;
}

/** Puts a statement before the first child that holds a reader. */
function insertBefore(body: Stmt, stmt: Stmt, readers: readonly Block[]): Stmt {
  const children = body.kind === 'seq' ? body.body : [body];
  const position = children.findIndex((child) => blocksUnder(child).some((block) => readers.includes(block)));
  return { kind: 'seq', body: [...children.slice(0, position), stmt, ...children.slice(position)] };
}
