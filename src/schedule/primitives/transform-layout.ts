import { z } from 'zod';
import { load } from '../../ir/builders.ts';
import type { Block, Expr } from '../../ir/nodes.ts';
import { paddingOf } from '../../ir/strides.ts';
import { mapExpr, readsOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { blockedLayout, blocksArg, laidOut, orderArg } from '../blocked-layout.ts';
import { findBuffer } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * T[i, j]   ->   T[j / F, i, j % F]       transformLayout(T, [null, F], [1, 0, 2])
 * Every dimension may be split into blocks of F and the places in a block, and the resulting dimensions are put into another order.
 * Only buffers between blocks can be transformed: the layout of inputs and outputs belongs to the caller (but see pack).
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
    blocks: blocksArg,
    order: orderArg,
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
    if (paddingOf(buffer) > 0)
      return refuse(
        'already-padded',
        () => `the rows of ${name} are padded, and would be other rows`,
        () => 'storageAlign afterwards',
      );
    const dimensions = blockedLayout(buffer, blocks, order);
    if (isRefusal(dimensions)) return dimensions;
    if (dimensions.every(({ of, part }, position) => part === 'whole' && of === position))
      return refuse('nothing-changes', () => `${name} is laid out like that already`);
    return { buffer, dimensions };
  },
  apply(program, { buffer, dimensions }) {
    const rewrite = (block: Block): Block => {
      if (![...block.writes, ...readsOf(block)].some((access) => access.buffer === buffer.name)) return block;
      const ranges = new Map(block.iters.map((iter) => [iter.name, { min: 0, max: iter.extent - 1 }]));
      const redirect = (expr: Expr): Expr =>
        mapExpr(expr, (node) =>
          node.kind === 'load' && node.buffer === buffer.name
            ? load(node.buffer, laidOut(dimensions, node.indices, ranges))
            : node,
        );
      return {
        ...block,
        writes: block.writes.map((write) => {
          const indices = write.indices.map(redirect);
          return {
            ...write,
            indices: write.buffer === buffer.name ? laidOut(dimensions, indices, ranges) : indices,
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
