import { z } from 'zod';
import { covers, type Span } from '../../arithmetic/region.ts';
import type { Block, Buffer, Expr, For, Program } from '../../ir/nodes.ts';
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
 * has completed. A dimension that the block does not index with an iter of its own (a window, a sum over it) must be complete as a whole.
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
      requireMeetingPlace(target, made) ??
      requireOthersComplete(program, site.block, producer) ??
      requireProducersFollow(program, site, path);
    if (unmovable !== null) return unmovable;
    const region = regionOf(program, site.block, producer, made, path);
    if (isRefusal(region)) return region;
    return { site, loop, producer: producer.block, ...region };
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

interface Reached {
  readonly spans: ReadonlyMap<string, Span>;
  readonly guards: readonly Expr[];
}

/** The spans of a block's iters in one iteration of the last loop of the path; all buffers that it reads of its producer must agree on them. */
function regionOf(
  program: Program,
  block: Block,
  producer: BlockSite,
  made: readonly Buffer[],
  path: readonly For[],
): Reached | Refusal {
  const loop = path.at(-1) as For;
  const found: Reached[] = [];
  for (const buffer of made) {
    const region = completeRegion(program, producer, buffer, path);
    if (isRefusal(region)) return region;
    const spans = spansOfIters(block, buffer, region.spans, loop);
    if (isRefusal(spans)) return spans;
    found.push({ spans, guards: region.guards });
  }
  const [first, ...others] = found as [Reached, ...Reached[]];
  const textOf = ({ spans }: Reached): string =>
    [...spans]
      .map(([iter, { base, extent }]) => `${iter}: ${extent} from ${printExpr(base)}`)
      .sort()
      .join(', ');
  const other = others.find((candidate) => textOf(candidate) !== textOf(first));
  if (other === undefined) return { ...first, guards: distinct(found.flatMap(({ guards }) => guards)) };
  return refuse(
    'regions-differ',
    () =>
      `one iteration of loop ${loop.name} completes different regions of ${made.map(({ name }) => name).join(' and ')} for block ${block.name} (${textOf(first)}; ${textOf(other)})`,
    () => 'expected it to read them at the same indices',
  );
}

function distinct(conditions: readonly Expr[]): Expr[] {
  return [...new Map(conditions.map((condition) => [printExpr(condition), condition])).values()];
}

/** The one block below a loop that makes what another block reads, and the buffers in which they meet. */
function findProducer(
  program: Program,
  block: Block,
  loop: For,
): { readonly producer: BlockSite; readonly made: readonly Buffer[] } | Refusal {
  const reads = [...new Set(readsOf(block).map((read) => read.buffer))];
  const below = reads.filter((buffer) => writersOf(program, buffer).some((writer) => writer.around.includes(loop)));
  const [buffer] = below;
  if (buffer === undefined)
    return refuse(
      'no-producer',
      () => `nothing inside loop ${loop.name} computes what block ${block.name} reads: ${reads.join(', ')}`,
    );
  const producer = requireOneWriter(program, buffer);
  if (isRefusal(producer)) return producer;
  const others = below.filter((other) => !producer.block.writes.some((write) => write.buffer === other));
  if (others.length > 0)
    return refuse(
      'several-producers',
      () =>
        `block ${block.name} reads ${below.join(' and ')}, which are computed inside loop ${loop.name}; expected one`,
    );
  for (const other of below) {
    const writer = requireOneWriter(program, other);
    if (isRefusal(writer)) return writer;
  }
  return { producer, made: below.map((name) => findBuffer(program, name) as Buffer) };
}

/** The span of each iter of the block: the completed region where the iter indexes it, else its whole extent. */
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
