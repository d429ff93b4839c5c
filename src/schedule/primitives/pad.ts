import { z } from 'zod';
import { float, int, load, lt, select, seq, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, For, Program, Stmt, Write } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { freshName, mapExpr, namesOf, readsOf, replaceInProgram, usesVar } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { factorArg, nameArg } from '../arguments.ts';
import { elementNest } from '../element-nest.ts';
import { findBlock, findBuffer, findIter, onlyBlockUnder, ownNest } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { requireOneWrite, requireOnlyWriter } from '../legality/producer.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/** A buffer of the block with a dimension that is to become longer. */
interface Operand {
  readonly buffer: Buffer;
  readonly dimension: number;
}

/**
 * for i in 197: C[i] += A[i]   ->   for i in 224: A_pad[i] = i < 197 ? A[i] : 0
 *                                   for i in 224: C_pad[i] += A_pad[i]         for i in 197: C[i] = C_pad[i]        pad(C, vi, 32)
 * Rounds the extent of an iter up to a multiple: buffers that are read at it become copies filled with zeros, buffers that are written at it
 * become copies that are cut when they are stored. Tiles then divide, and the guards stand in the copies, which are inlined or placed like
 * any other block. A sum of products over a padded reduction iter keeps its value, because the additional terms are zero.
 * Halide: align_bounds. TVM: pad_einsum.
 */
export const pad = definePrimitive({
  name: 'pad',
  summary: 'Rounds the extent of an iter up to a multiple, with copies of the operands that are zero beyond it.',
  rewrite:
    'for i in N: C[i] += A[i]  ->  A_pad[i] = i < N ? A[i] : 0; for i in M: C_pad[i] += A_pad[i]; C[i] = C_pad[i]',
  halide: 'align_bounds',
  tvm: 'pad_einsum',
  args: z.strictObject({ block: nameArg, iter: nameArg, multiple: factorArg }),
  check(program, { block: name, iter: iterName, multiple }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block, around } = site;
    const iter = findIter(block, iterName);
    if (isRefusal(iter)) return iter;
    const extent = Math.ceil(iter.extent / multiple) * multiple;
    if (extent === iter.extent)
      return refuse(
        'divides',
        () => `iter ${iterName} of block ${name} runs ${extent} times, a multiple of ${multiple} already`,
      );
    if (extent > 2 ** 31 - 1)
      return refuse(
        'extent-too-large',
        () => `padding makes iter ${iterName} run ${extent} times; expected fewer than 2^31`,
      );
    const nest = ownNest(site);
    const loop = around.find((candidate) => iter.binding.kind === 'var' && candidate.name === iter.binding.name);
    if (loop === undefined || loop.extent !== iter.extent || !around.slice(around.indexOf(nest as For)).includes(loop))
      return refuse(
        'loop-changed',
        () =>
          `iter ${iterName} of block ${name} is ${printExpr(iter.binding)}, no loop of ${iter.extent} iterations of its own`,
        () => 'pad before anything else',
      );
    const shared = around.find((candidate) => candidate.extent > 1 && onlyBlockUnder(candidate) === null);
    if (shared !== undefined)
      return refuse(
        'loop-shared',
        () =>
          `loop ${shared.name} of block ${name} holds other blocks too, which would be copied before they are complete`,
        () => 'pad before computeAt puts other blocks into its loops',
      );
    for (const candidate of around) {
      const refused = requireSerial(candidate);
      if (refused !== null) return refused;
    }
    const write = requireOneWrite(block);
    if (isRefusal(write)) return write;
    const single = requireOnlyWriter(program, write.buffer, name);
    if (single !== null) return single;
    const operands = operandsOf(program, block, iterName);
    if (isRefusal(operands)) return operands;
    const result = iter.type === 'spatial' ? resultOf(program, write, iterName) : null;
    if (isRefusal(result)) return result;
    if (iter.type === 'reduction' && !addsZeros(block, operands))
      return refuse(
        'not-a-sum-of-products',
        () =>
          `block ${name} does not sum up products of what it reads at ${iterName}, so zeros there would change the result`,
        () => 'pad spatial iters only',
      );
    return { block, iterName, extent, nest, loop, operands, result };
  },
  apply(program, { block, iterName, extent, nest, loop, operands, result }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const longer = ({ buffer, dimension }: Operand): Buffer => ({
      name: fresh(`${buffer.name}_pad`),
      dtype: buffer.dtype,
      shape: buffer.shape.map((other, d) => (d === dimension ? extent : other)),
      scope: 'storage',
    });
    const copies = operands.map((operand) => ({ operand, padded: longer(operand) }));
    const before = copies.map(({ operand: { buffer, dimension }, padded }) => {
      const inside = lt(variable(`d${dimension}`), int(buffer.shape[dimension] as number));
      const zero = float(0, buffer.dtype);
      return elementNest(fresh, `load_${padded.name}`, padded, (indices) =>
        select(inside, load(buffer.name, indices), zero),
      );
    });
    const cut = result === null ? null : { from: longer(result), to: result.buffer };
    const after =
      cut === null
        ? []
        : [elementNest(fresh, `store_${cut.to.name}`, cut.to, (indices) => load(cut.from.name, indices))];
    const names = new Map(copies.map(({ operand, padded }) => [operand.buffer.name, padded.name]));
    const rewritten: Block = {
      ...block,
      iters: block.iters.map((iter) => (iter.name === iterName ? { ...iter, extent } : iter)),
      writes: block.writes.map((write) => ({
        ...write,
        buffer: cut === null ? write.buffer : cut.from.name,
        value: mapExpr(write.value, (expr) =>
          expr.kind === 'load' ? load(names.get(expr.buffer) ?? expr.buffer, expr.indices) : expr,
        ),
      })),
    };
    const longerNest = lengthen(
      mapBlocks(nest, (other) => (other === block ? rewritten : other)),
      loop.name,
      extent,
    );
    return {
      ...replaceInProgram(
        program,
        (stmt) => stmt === nest,
        () => seq([...before, longerNest, ...after]),
      ),
      buffers: [...program.buffers, ...copies.map(({ padded }) => padded), ...(cut === null ? [] : [cut.from])],
    };
  },
  describe: ({ block, iter, multiple }) => `pad(${block}, ${iter}, ${multiple})`,
});

/** The buffers that the block reads at the iter; refuses a buffer that is not read at it in one and the same dimension everywhere. */
function operandsOf(program: Program, block: Block, iter: string): readonly Operand[] | Refusal {
  const found = new Map<string, number>();
  for (const read of readsOf(block)) {
    const using = read.indices.flatMap((index, d) => (usesVar(index, iter) ? [d] : []));
    const [dimension] = using;
    const known = found.get(read.buffer);
    const index = dimension === undefined ? undefined : read.indices[dimension];
    const plain = using.length === 1 && index?.kind === 'var' && (known === undefined || known === dimension);
    if (dimension === undefined && known === undefined) continue;
    if (!plain)
      return refuse(
        'index-not-plain',
        () =>
          `block ${block.name} reads ${read.buffer}[${read.indices.map(printExpr).join(', ')}]; expected ${iter} alone in one dimension, the same in every read`,
        () => 'pad another iter',
      );
    found.set(read.buffer, dimension as number);
  }
  const operands: Operand[] = [];
  for (const [name, dimension] of found) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    operands.push({ buffer, dimension });
  }
  const written = block.writes.flatMap((write) => write.indices).filter((index) => usesVar(index, iter));
  if (operands.length > 0 || written.length > 0) return operands;
  return refuse('iter-unused', () => `block ${block.name} neither reads nor writes anything at ${iter}`);
}

function resultOf(program: Program, write: Write, iter: string): Operand | Refusal {
  const using = write.indices.flatMap((index, d) => (usesVar(index, iter) ? [d] : []));
  const [dimension] = using;
  if (dimension === undefined || using.length > 1 || write.indices[dimension]?.kind !== 'var')
    return refuse(
      'index-not-plain',
      () =>
        `the result is written at ${write.buffer}[${write.indices.map(printExpr).join(', ')}]; expected ${iter} alone in one dimension`,
    );
  const buffer = findBuffer(program, write.buffer);
  return isRefusal(buffer) ? buffer : { buffer, dimension };
}

/** Whether zeros in the operands make a sum's terms zero: each term must be a product with one of the operands as a factor. */
function addsZeros(block: Block, operands: readonly Operand[]): boolean {
  if (block.reducer?.op !== 'sum') return false;
  const padded = new Set(operands.map(({ buffer }) => buffer.name));
  const vanishes = (expr: Expr): boolean => {
    if (expr.kind === 'load') return padded.has(expr.buffer);
    if (expr.kind === 'cast') return vanishes(expr.a);
    // Inputs are finite by assumption: 0 * infinity is not 0.
    return expr.kind === 'binary' && expr.op === 'mul' && isProduct(expr) && (vanishes(expr.a) || vanishes(expr.b));
  };
  return block.writes.every((write) => vanishes(write.value));
}

function isProduct(expr: Expr): boolean {
  if (expr.kind === 'load' || expr.kind === 'float') return true;
  if (expr.kind === 'cast') return isProduct(expr.a);
  return expr.kind === 'binary' && expr.op === 'mul' && isProduct(expr.a) && isProduct(expr.b);
}

function lengthen(stmt: Stmt, loop: string, extent: number): Stmt {
  if (stmt.kind !== 'for') return stmt;
  return { ...stmt, extent: stmt.name === loop ? extent : stmt.extent, body: lengthen(stmt.body, loop, extent) };
}
