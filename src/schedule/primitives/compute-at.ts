import { z } from 'zod';
import type { Span } from '../../arithmetic/region.ts';
import type { Block, For, Program, Stmt } from '../../ir/nodes.ts';
import { replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import {
  type BlockSite,
  blocksUnder,
  findBlock,
  findBuffer,
  findLoop,
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
    const buffer = findBuffer(program, site.block.writes[0]?.buffer as string);
    if (isRefusal(buffer)) return buffer;
    const readers = readersOf(program, buffer.name);
    if (readers.length === 0)
      return refuse('no-readers', () => `nothing reads ${buffer.name}, which block ${name} writes`);
    const outside = readers.find((reader) => !reader.around.includes(loop));
    if (outside !== undefined) {
      return refuse(
        'reader-outside',
        () =>
          `block ${outside.block.name} reads ${buffer.name} outside loop ${loopName}; every reader must stand inside it`,
      );
    }
    const bound = [...target.around, loop].find((around) => around.mode.includes('.'));
    if (buffer.scope === 'storage' && bound !== undefined) {
      return refuse(
        'storage-in-kernel',
        () =>
          `${buffer.name} is in storage and loop ${bound.name} is ${bound.mode}; invocations could not see each other's part`,
        () => `setScope(${buffer.name}, workgroup) or private first`,
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
    const spans = requiredRegion(program, buffer, loop, target.around);
    return { site, nest, loop, spans, readers: readers.map((reader) => reader.block) };
  },
  apply(program, { site, nest, loop, spans, readers }) {
    const { block } = site;
    const removed = replaceInProgram(
      program,
      (stmt) => stmt === nest,
      () => null,
    );
    const write = block.writes[0] as Block['writes'][number];
    const byIter = new Map<string, Span>();
    write.indices.forEach((index, dimension) => {
      if (index.kind === 'var') byIter.set(index.name, spans[dimension] as Span);
    });
    const inner = nestOver(removed, block, byIter);
    return replaceInProgram(
      removed,
      (stmt) => stmt.kind === 'for' && stmt.name === loop.name,
      (stmt) => ({ ...(stmt as For), body: insertBefore((stmt as For).body, inner, readers) }),
    );
  },
  describe: ({ block, loop }) => `computeAt(${block}, ${loop})`,
});

function requireMovable(program: Program, { block }: BlockSite): Refusal | null {
  const write = block.writes[0];
  if (write === undefined || block.writes.length > 1)
    return refuse('several-writes', () => `block ${block.name} writes ${block.writes.length} buffers; expected one`);
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
