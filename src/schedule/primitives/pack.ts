import { z } from 'zod';
import { rangeOfExtent } from '../../arithmetic/bounds.ts';
import { add, binary, float, int, load, lt, mul, select } from '../../ir/builders.ts';
import type { Block, Buffer, Expr } from '../../ir/nodes.ts';
import { blocksOf, freshName, holdsLoad, mapExpr, namesOf, positionSources, readsOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { blockedLayout, blocksArg, laidOut, orderArg } from '../blocked-layout.ts';
import { elementNest } from '../element-nest.ts';
import { findBuffer } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * C[i, j] += A[i, k] * W[k, j]   ->   W_packed[b, k, p] = b * F + p < N ? W[k, b * F + p] : 0
 *                                     C[i, j] += A[i, k] * W_packed[j / F, k, j % F]               pack(W, [null, F], [1, 0, 2])
 * Every reader of a constant input reads a copy of it that is laid out differently: its dimensions split into blocks of F and the places in a
 * block, in another order (see transformLayout), with zeros where the last block reaches over the end. The nest that makes the copy reads
 * nothing but a constant, so it runs once, however often the others do.
 * Halide: a Func of the input, compute_root, with reorder_storage. TVM: cache_read + transform_layout with layout_rewrite_preproc (Ansor's
 * auto_scheduler_layout_rewrite).
 */
export const pack = definePrimitive({
  name: 'pack',
  summary:
    'Lays a constant input out differently, once: its readers read a copy with dimensions in blocks and another order.',
  rewrite: 'C[j] += W[k, j]  ->  W_packed[b, k, p] = W[k, b * F + p]; C[j] += W_packed[j / F, k, j % F]',
  halide: 'in, reorder_storage',
  tvm: 'transform_layout, layout_rewrite_preproc',
  args: z.strictObject({ buffer: nameArg, blocks: blocksArg, order: orderArg }),
  check(program, { buffer: name, blocks, order }) {
    const buffer = findBuffer(program, name);
    if (isRefusal(buffer)) return buffer;
    const { constants = [] } = program;
    if (!constants.includes(name))
      return refuse(
        'not-constant',
        () =>
          `${name} is no constant input, so a copy of it would have to be made in every run; ${constants.length === 0 ? 'there are none' : `constant are ${constants.join(', ')}`}`,
        () => `cacheRead copies any buffer; --constant ${name} says that an input stays the same`,
      );
    const atPositions = blocksOf(program).find(
      (block) =>
        positionSources(block).has(name) ||
        readsOf(block).some((read) => read.buffer === name && read.indices.some(holdsLoad)),
    );
    if (atPositions !== undefined)
      return refuse(
        'read-at-positions',
        () =>
          `block ${atPositions.name} reads ${name} at positions, or positions from it; expected indices that follow from loops`,
      );
    const dimensions = blockedLayout(buffer, blocks, order);
    return isRefusal(dimensions) ? dimensions : { buffer, dimensions };
  },
  apply(program, { buffer, dimensions }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const { dtype } = buffer;
    const shape = dimensions.map(({ extent }) => extent);
    const packed: Buffer = { name: fresh(`${buffer.name}_packed`), dtype, shape, scope: 'storage' };
    const nest = elementNest(fresh, `pack_${buffer.name}`, packed, (indices) => {
      const inside: Expr[] = [];
      const element = buffer.shape.map((extent, of) => {
        const part = (wanted: string): Expr | undefined =>
          indices[dimensions.findIndex((dimension) => dimension.of === of && dimension.part === wanted)];
        const [whole, blocks, places] = [part('whole'), part('blocks'), part('places')];
        if (whole !== undefined) return whole;
        const block = dimensions.find((dimension) => dimension.of === of)?.block as number;
        const index = add(mul(blocks as Expr, int(block)), places as Expr);
        if (extent % block !== 0) inside.push(lt(index, int(extent)));
        return index;
      });
      const value = load(buffer.name, element);
      const [first, ...rest] = inside;
      return first === undefined
        ? value
        : select(
            rest.reduce((all, next) => binary('and', all, next), first),
            value,
            float(0, dtype),
          );
    });
    const redirected = (block: Block): Block => {
      const ranges = new Map(block.iters.map((iter) => [iter.name, rangeOfExtent(iter.extent)]));
      const redirect = (expr: Expr): Expr =>
        mapExpr(expr, (node) =>
          node.kind === 'load' && node.buffer === buffer.name
            ? load(packed.name, laidOut(dimensions, node.indices, ranges))
            : node,
        );
      return { ...block, writes: block.writes.map((write) => ({ ...write, value: redirect(write.value) })) };
    };
    return {
      ...program,
      buffers: [...program.buffers, packed],
      body: [nest, ...program.body.map((stmt) => mapBlocks(stmt, redirected))],
    };
  },
  describe: ({ buffer, blocks, order }) => `pack(${buffer}, [${blocks.map(String).join(', ')}], [${order.join(', ')}])`,
});
