import { z } from 'zod';
import { floorDiv, floorMod } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { load } from '../../ir/builders.ts';
import type { Block, Expr } from '../../ir/nodes.ts';
import { paddingOf } from '../../ir/strides.ts';
import { mapExpr } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { findBuffer } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/** A dimension of the new buffer: a whole dimension of the old one, or its blocks, or the places in a block. */
interface Dimension {
  readonly of: number;
  readonly part: 'whole' | 'blocks' | 'places';
  readonly extent: number;
}

/**
 * T[i, j]   ->   T[j / F, i, j % F]       transformLayout(T, [null, F], [1, 0, 2])
 * Every dimension may be split into blocks of F and the places in a block, and the resulting dimensions are put into another order.
 * Only buffers between blocks can be transformed: the layout of inputs and outputs belongs to the caller.
 * Halide: reorder_storage, and tiling of storage. TVM: transform_layout.
 */
export const transformLayout = definePrimitive({
  name: 'transformLayout',
  summary: 'Lays an intermediate buffer out differently: dimensions in blocks, and in another order.',
  rewrite: 'T[i, j]  ->  T[j / F, i, j % F]',
  halide: 'reorder_storage',
  tvm: 'transform_layout',
  args: z.strictObject({
    buffer: nameArg,
    /** Per dimension the size of its blocks, or null where it stays whole. */
    blocks: z.array(z.int().min(2).nullable()).min(1).max(8),
    /** The dimensions after blocking (outer part first), by position, in their new order. */
    order: z.array(z.int().min(0)).min(1).max(16),
  }),
  check(program, { buffer: name, blocks, order }) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    if (program.inputs.includes(name) || program.outputs.includes(name))
      return refuse(
        'parameter-layout',
        () => `${name} is a parameter, whose layout is the caller's`,
        () => 'cacheRead or cacheWrite makes a copy of it that can be laid out differently',
      );
    if (blocks.length !== buffer.shape.length)
      return refuse(
        'rank',
        () =>
          `${name} has ${buffer.shape.length} dimensions, got ${blocks.length} block sizes; expected one each or null`,
      );
    const large = blocks.findIndex((block, d) => block !== null && block > (buffer.shape[d] as number));
    if (large >= 0)
      return refuse(
        'block-too-large',
        () =>
          `dimension ${large} of ${name} has ${buffer.shape[large]} elements, fewer than a block of ${blocks[large]}`,
      );
    if (paddingOf(buffer) > 0)
      return refuse(
        'already-padded',
        () => `the rows of ${name} are padded, and would be other rows`,
        () => 'storageAlign afterwards',
      );
    const split = buffer.shape.flatMap((extent, of): Dimension[] => {
      const block = blocks[of] ?? null;
      if (block === null) return [{ of, part: 'whole', extent }];
      return [
        { of, part: 'blocks', extent: Math.ceil(extent / block) },
        { of, part: 'places', extent: block },
      ];
    });
    const sorted = [...order].sort((a, b) => a - b);
    if (sorted.length !== split.length || sorted.some((position, i) => position !== i))
      return refuse(
        'no-permutation',
        () => `the order ${order.join(', ')} does not name each of 0 to ${split.length - 1} once`,
      );
    if (split.length === blocks.length && order.every((position, i) => position === i))
      return refuse('nothing-changes', () => `${name} is laid out like that already`);
    return { buffer, blocks, dimensions: order.map((position) => split[position] as Dimension) };
  },
  apply(program, { buffer, blocks, dimensions }) {
    const rewrite = (block: Block): Block => {
      const ranges = new Map(block.iters.map((iter) => [iter.name, { min: 0, max: iter.extent - 1 }]));
      const laidOut = (indices: readonly Expr[]): Expr[] =>
        dimensions.map(({ of, part }) => {
          const index = indices[of] as Expr;
          if (part === 'whole') return index;
          const size = blocks[of] as number;
          return simplify(part === 'blocks' ? floorDiv(index, size) : floorMod(index, size), ranges);
        });
      const redirect = (expr: Expr): Expr =>
        mapExpr(expr, (node) =>
          node.kind === 'load' && node.buffer === buffer.name ? load(node.buffer, laidOut(node.indices)) : node,
        );
      return {
        ...block,
        writes: block.writes.map((write) => {
          const indices = write.indices.map(redirect);
          return {
            ...write,
            indices: write.buffer === buffer.name ? laidOut(indices) : indices,
            value: redirect(write.value),
          };
        }),
      };
    };
    const shape = dimensions.map(({ extent }) => extent);
    return {
      ...program,
      buffers: program.buffers.map((other) => (other === buffer ? { ...buffer, shape } : other)),
      body: program.body.map((stmt) => mapBlocks(stmt, rewrite)),
    };
  },
  describe: ({ buffer, blocks, order }) =>
    `transformLayout(${buffer}, [${blocks.map(String).join(', ')}], [${order.join(', ')}])`,
});
