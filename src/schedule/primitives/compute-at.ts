import { z } from 'zod';
import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, binary, forLoop, int, lt, variable } from '../../ir/builders.ts';
import type { Block, Expr, For, Iter, Program, Stmt } from '../../ir/nodes.ts';
import { freshName, namesOf, replaceInProgram, walkStmt } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import {
  type BlockSite,
  findBlock,
  findBuffer,
  findLoop,
  loopRanges,
  ownNest,
  readersOf,
  writersOf,
} from '../legality/find.ts';
import { requireProducersFollow } from '../legality/move.ts';
import { requiredRegion } from '../legality/region.ts';
import { definePrimitive } from '../primitive.ts';

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
    const taken = namesOf(removed);
    const ranges = loopRanges(removed);
    const write = block.writes[0] as Block['writes'][number];
    const loops: { name: string; extent: number }[] = [];
    const predicate: Expr[] = [];
    const iters = block.iters.map((iter): Iter => {
      const dimension = write.indices.findIndex((index) => index.kind === 'var' && index.name === iter.name);
      const span = dimension >= 0 ? spans[dimension] : undefined;
      const name = freshName(taken, `${block.name}_${iter.name}`);
      taken.add(name);
      const whole = span === undefined || (span.extent >= iter.extent && iter.type === 'spatial');
      const extent = whole ? iter.extent : span.extent;
      loops.push({ name, extent });
      ranges.set(name, rangeOfExtent(extent));
      if (whole) return { ...iter, binding: variable(name) };
      const binding = simplify(add(span.base, variable(name)), ranges);
      for (const guard of [binary('ge', binding, int(0)), lt(binding, int(iter.extent))]) {
        const proved = simplify(guard, ranges);
        if (proved.kind !== 'int') predicate.push(proved);
      }
      return { ...iter, binding };
    });
    const moved: Block = { ...block, iters, predicate };
    const inner = loops.reduceRight<Stmt>((body, { name, extent }) => forLoop(name, extent, body), moved);
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
  const names = new Set(readers.map((reader) => reader.name));
  const position = children.findIndex((child) => holdsBlock(child, names));
  return { kind: 'seq', body: [...children.slice(0, position), stmt, ...children.slice(position)] };
}

function holdsBlock(stmt: Stmt, names: ReadonlySet<string>): boolean {
  let holds = false;
  walkStmt(stmt, (node) => {
    if (node.kind === 'block' && names.has(node.name)) holds = true;
  });
  return holds;
}
