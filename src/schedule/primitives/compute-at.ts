import { z } from 'zod';
import { type Span, unionSpan, wholeSpan } from '../../arithmetic/region.ts';
import type { Block, Buffer, Program, Write } from '../../ir/nodes.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import {
  type BlockSite,
  findBlock,
  findBuffer,
  findLoop,
  type LoopSite,
  readersOf,
  writersOf,
} from '../legality/find.ts';
import { requireMeetingPlace, requireOthersLoop, requireProducersFollow } from '../legality/move.ts';
import { requiredRegion } from '../legality/region.ts';
import { definePrimitive } from '../primitive.ts';
import { moveInto } from '../rewrite.ts';

/**
 * for i: T[i] = e   for i: for j: C[i,j] = T[..]   ->   for i: { for t in tile: T[base+t] = e   for j: C[i,j] = T[..] }
 * Moves a block into a loop's body, right before its first reader there, and shrinks its loops to the region that the readers below that
 * loop need. Where the region reaches out of the block's domain, the block gets a guard. Its own loops are made anew, named `block_iter`.
 * For a buffer in workgroup memory the invocation loops around count as running, because the invocations share the region.
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
    const { loop } = target;
    const own = requireOthersLoop(site, target, 'readers');
    if (own !== null) return own;
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
    const unmovable =
      requireMeetingPlace(target, buffers) ?? requireProducersFollow(program, site, [...target.around, loop]);
    if (unmovable !== null) return unmovable;
    const spans = spansOfIters(program, site.block, buffers, target);
    return { site, loop, spans, readers: readers.map(({ reader }) => reader.block) };
  },
  apply(program, { site, loop, spans, readers }) {
    return moveInto(program, site, loop, { spans, beside: readers, at: 'before' });
  },
  describe: ({ block, loop }) => `computeAt(${block}, ${loop})`,
});

/** The span over which each spatial iter of a block must run, so that all its buffers hold what the readers below the loop need. */
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
