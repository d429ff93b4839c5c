import { z } from 'zod';
import { covers, type Span } from '../../arithmetic/region.ts';
import type { Block, Buffer, For, Program } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { readsOf } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { completeRegion } from '../legality/complete.ts';
import { type BlockSite, findBlock, findBuffer, findLoop, writersOf } from '../legality/find.ts';
import { requireMeetingPlace, requireOthersLoop, requireProducersFollow } from '../legality/move.ts';
import { requireOneWriter, requireOnlyWriter, requireOthersComplete, requireWithin } from '../legality/producer.ts';
import { definePrimitive } from '../primitive.ts';
import { moveInto } from '../rewrite.ts';

/**
 * for i: for t in tile: T[i*4+t] = e   for x in N: D[x] = g(T[x])
 *   ->   for i: { for t in tile: T[i*4+t] = e   for x in tile: D[i*4+x] = g(T[i*4+x]) }
 * Moves a block into a loop of its producer, right after the producer there, and shrinks its loops to what one iteration of that loop
 * has completed. A dimension at which the block does not stand itself (a window, a sum over it) must be complete as a whole.
 * Halide: compute_with comes near. TVM: reverse_compute_at.
 */
export const reverseComputeAt = definePrimitive({
  name: 'reverseComputeAt',
  summary: 'Computes a block inside a loop of its producer, after it, and there only what is complete.',
  rewrite:
    'for i: T[tile(i)] = e; for x in N: D[x] = g(T[x])  ->  for i: { T[tile(i)] = e; for x in tile(i): D[x] = .. }',
  halide: 'compute_with',
  tvm: 'reverse_compute_at',
  args: z.strictObject({ block: nameArg, loop: nameArg }),
  check(program, { block: name, loop: loopName }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const target = findLoop(program, loopName);
    if (isRefusal(target)) return target;
    const { loop } = target;
    const path = [...target.around, loop];
    const own = requireOthersLoop(site, target, 'producer');
    if (own !== null) return own;
    const refused = requireMovable(program, site);
    if (refused !== null) return refused;
    const found = findProducer(program, site.block, loop);
    if (isRefusal(found)) return found;
    const { producer, made } = found;
    const unmovable =
      requireMeetingPlace(target, [made]) ??
      requireOthersComplete(program, site.block, producer) ??
      requireProducersFollow(program, site, path);
    if (unmovable !== null) return unmovable;
    const region = completeRegion(program, producer, made, path);
    if (isRefusal(region)) return region;
    const spans = spansOfIters(site.block, made, region.spans, loop);
    if (isRefusal(spans)) return spans;
    return { site, loop, producer: producer.block, spans, guards: region.guards };
  },
  apply(program, { site, loop, producer, spans, guards }) {
    return moveInto(program, site, loop, { spans, guards, beside: [producer], at: 'after' });
  },
  describe: ({ block, loop }) => `reverseComputeAt(${block}, ${loop})`,
});

function requireMovable(program: Program, { block }: BlockSite): Refusal | null {
  for (const write of block.writes) {
    if (readsOf(block).some((read) => read.buffer === write.buffer))
      return refuse('reads-own-write', () => `block ${block.name} reads ${write.buffer}, which it writes itself`);
    const single = requireOnlyWriter(program, write.buffer, block.name);
    if (single !== null) return single;
  }
  return null;
}

/** The one block below a loop that makes what another block reads. */
function findProducer(
  program: Program,
  block: Block,
  loop: For,
): { readonly producer: BlockSite; readonly made: Buffer } | Refusal {
  const reads = [...new Set(readsOf(block).map((read) => read.buffer))];
  const below = reads.filter((buffer) => writersOf(program, buffer).some((writer) => writer.around.includes(loop)));
  const [buffer] = below;
  if (buffer === undefined)
    return refuse(
      'no-producer',
      () => `nothing inside loop ${loop.name} computes what block ${block.name} reads: ${reads.join(', ')}`,
    );
  if (below.length > 1)
    return refuse(
      'several-producers',
      () =>
        `block ${block.name} reads ${below.join(' and ')}, which are computed inside loop ${loop.name}; expected one`,
    );
  const producer = requireOneWriter(program, buffer);
  if (isRefusal(producer)) return producer;
  const made = findBuffer(program, buffer);
  return isRefusal(made) ? made : { producer, made };
}

/** Where each iter of the block runs: over the region where it stands in it, else over its whole extent. */
function spansOfIters(
  block: Block,
  made: Buffer,
  region: readonly Span[],
  loop: For,
): ReadonlyMap<string, Span> | Refusal {
  const reads = readsOf(block).filter((read) => read.buffer === made.name);
  const spans = new Map<string, Span>();
  for (const [dimension, span] of region.entries()) {
    const extent = made.shape[dimension] as number;
    if (covers(span, extent)) continue;
    const indices = reads.map((read) => read.indices[dimension]);
    const [first] = indices;
    const iter = block.iters.find((candidate) => first?.kind === 'var' && candidate.name === first.name);
    const together = indices.every((index) => index?.kind === 'var' && index.name === iter?.name);
    if (iter !== undefined && iter.type === 'spatial' && together && !spans.has(iter.name)) {
      const beyond = requireWithin(block, made, iter, dimension);
      if (beyond !== null) return beyond;
      spans.set(iter.name, span);
      continue;
    }
    const texts = [...new Set(indices.map((index) => (index === undefined ? '' : printExpr(index))))];
    return refuse(
      'not-complete',
      () =>
        `one iteration of loop ${loop.name} completes ${span.extent} of ${extent} elements in dimension ${dimension} of ${made.name}, and block ${block.name} reads that dimension at ${texts.join(' and ')}; expected it at a spatial iter of the block`,
      () => `take a loop in which dimension ${dimension} is complete`,
    );
  }
  return spans;
}
