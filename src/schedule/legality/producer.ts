import type { Block, Buffer, Iter, Program, Write } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { readsOf } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { allBlocks, type BlockSite, readersOf, writersOf } from './find.ts';

/** The one write of a block. */
export function requireOneWrite(block: Block): Write | Refusal {
  const [write, ...more] = block.writes;
  if (write !== undefined && more.length === 0) return write;
  return refuse('several-writes', () => `block ${block.name} writes ${block.writes.length} buffers; expected one`);
}

/** The one write of a block that can be put into another. Refuses a reduction, whose value is complete only after its last step. */
export function requireElementwise(block: Block, remedy: string): Write | Refusal {
  const write = requireOneWrite(block);
  if (isRefusal(write) || block.reducer === null) return write;
  return refuse(
    'inline-reduction',
    () => `block ${block.name} is a reduction; expected an elementwise block`,
    () => remedy,
  );
}

/** Refuses a buffer that another block writes too. */
export function requireOnlyWriter(program: Program, buffer: string, block: string): Refusal | null {
  if (writersOf(program, buffer).length <= 1) return null;
  return refuse('several-writers', () => `${buffer} is written by more than block ${block}`);
}

/** The one block that writes a buffer. */
export function requireOneWriter(program: Program, buffer: string): BlockSite | Refusal {
  const writers = writersOf(program, buffer);
  const [producer] = writers;
  if (producer !== undefined && writers.length === 1) return producer;
  return refuse(
    'several-writers',
    () => `${buffer} is written by ${writers.map((writer) => writer.block.name).join(' and ')}; expected one block`,
    () => 'do this before decomposeReduction',
  );
}

/**
 * The one buffer that only this block reads and one other block makes. Refuses a block that reads nothing but parameters, and one whose
 * operands have other readers too.
 */
export function requireOnlyReader(
  program: Program,
  block: Block,
): { readonly buffer: string; readonly producer: BlockSite } | Refusal {
  const reads = [...new Set(readsOf(block).map((read) => read.buffer))];
  const made = reads.filter((buffer) => writersOf(program, buffer).length > 0);
  if (made.length === 0)
    return refuse(
      'no-producer',
      () => `block ${block.name} reads ${reads.join(', ') || 'nothing'}, which no block computes`,
    );
  const readers = (buffer: string): BlockSite[] =>
    readersOf(program, buffer).filter((reader) => reader.block !== block);
  const own = made.filter((buffer) => !program.outputs.includes(buffer) && readers(buffer).length === 0);
  const buffer = own[0];
  if (buffer === undefined) {
    const shared = made[0] as string;
    if (program.outputs.includes(shared))
      return refuse('writes-output', () => `block ${block.name} reads the output ${shared}, which must stay`);
    return refuse(
      'several-readers',
      () =>
        `block ${block.name} is not the only reader of ${shared}; block ${readers(shared)[0]?.block.name} reads it too`,
    );
  }
  if (own.length > 1)
    return refuse(
      'several-producers',
      () => `block ${block.name} is the only reader of ${own.join(' and of ')}; expected one of them`,
      () => 'computeInline or computeAt the others',
    );
  const producer = requireOneWriter(program, buffer);
  return isRefusal(producer) ? producer : { buffer, producer };
}

/**
 * For each iter of a block the dimension of a buffer that it indexes. The block must read the buffer at its own iters and nowhere else,
 * every iter of more than one step in a dimension of its own. Refuses blocks that read neighbours, or one element for many.
 */
export function requireOwnIndex(block: Block, made: Buffer): ReadonlyMap<string, number> | Refusal {
  const reads = readsOf(block).filter((read) => read.buffer === made.name);
  const texts = new Set(reads.map((read) => read.indices.map(printExpr).join(', ')));
  const at = new Map<string, number>();
  const iters = new Set(block.iters.map((iter) => iter.name));
  const plain = (reads[0]?.indices ?? []).every((index, dimension) => {
    if (index.kind !== 'var' || !iters.has(index.name)) return made.shape[dimension] === 1;
    if (at.has(index.name)) return false;
    at.set(index.name, dimension);
    return true;
  });
  const missing = block.iters.find((iter) => iter.extent > 1 && !at.has(iter.name));
  if (texts.size === 1 && plain && missing === undefined)
    return (
      block.iters.map((iter) => requireWithin(block, made, iter, at.get(iter.name))).find((refusal) => refusal) ?? at
    );
  return refuse(
    'not-at-own-index',
    () =>
      `block ${block.name} reads ${[...texts].map((text) => `${made.name}[${text}]`).join(' and ')}; expected every one of its iters ${[...iters].join(', ')} in one dimension, and nothing else`,
    () => 'computeAt moves the producer to a reader of another shape',
  );
}

/** Refuses an iter that runs beyond the buffer it indexes, as in a block that selects other values there. */
export function requireWithin(block: Block, made: Buffer, iter: Iter, dimension: number | undefined): Refusal | null {
  if (dimension === undefined || iter.extent <= (made.shape[dimension] as number)) return null;
  return refuse(
    'reaches-beyond',
    () =>
      `block ${block.name} computes ${iter.extent} elements along ${iter.name}, of which ${made.name} has ${made.shape[dimension]}; expected no more`,
    () => 'computeInline the producer instead',
  );
}

/**
 * Refuses a block that shares a loop with its producer: there the producer computes what one iteration needs and perhaps more, and it would
 * then store all of that as a result.
 */
export function requireOwnLoops(site: BlockSite, producer: BlockSite): Refusal | null {
  const loop = site.around.find((around) => around.extent > 1 && producer.around.includes(around));
  if (loop === undefined) return null;
  return refuse(
    'loop-shared',
    () =>
      `loop ${loop.name} holds block ${site.block.name} and also block ${producer.block.name}, which computes there what one iteration needs`,
    () => `do this before computeAt brings ${producer.block.name} there`,
  );
}

/**
 * Refuses to take a block to its producer's place where another of its operands is not complete: the block that computes that operand must
 * stand before the producer and share no loop with it.
 */
export function requireOthersComplete(program: Program, block: Block, producer: BlockSite): Refusal | null {
  const order = allBlocks(program).map((other) => other.block);
  const made = new Set(producer.block.writes.map((write) => write.buffer));
  for (const { buffer } of readsOf(block)) {
    if (made.has(buffer)) continue;
    for (const writer of writersOf(program, buffer)) {
      const loop = writer.around.find((around) => around.extent > 1 && producer.around.includes(around));
      if (order.indexOf(writer.block) < order.indexOf(producer.block) && loop === undefined) continue;
      return refuse(
        'input-not-complete',
        () =>
          `block ${block.name} also reads ${buffer}, which block ${writer.block.name} computes ${loop === undefined ? `after block ${producer.block.name}` : `inside loop ${loop.name} together with block ${producer.block.name}`}`,
        () => `expected ${buffer} to be complete before block ${producer.block.name}`,
      );
    }
  }
  return null;
}
