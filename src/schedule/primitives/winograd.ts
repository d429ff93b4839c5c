import { z } from 'zod';
import { winogradMatrices } from '../../arithmetic/winograd-matrices.ts';
import type { Block, DType, Write } from '../../ir/nodes.ts';
import { usesVar } from '../../ir/visit.ts';
import { dtypesOf } from '../../operators/element-dtype.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { type BlockSite, findBlock, findBuffer, ownNest } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { requireOnlyWriter } from '../legality/producer.ts';
import { type Factor, factorsOf, type SlidingWindow, slidingWindows } from '../legality/windows.ts';
import { definePrimitive } from '../primitive.ts';
import { replaceByTransforms } from '../winograd-stages.ts';

/** Taps of a window in each direction. */
export const windowTaps = 3;

/**
 * Y[o, y, x] += X[c, y + i, x + j] * W[o, c, i, j]
 *   ->   W_points[p, o, c] = G W G^T       X_points[p, c, t] = B^T X B  of tile t
 *        Y_points[p, o, t] += W_points[p, o, c] * X_points[p, c, t]          Y[o, y, x] = A^T Y_points A  of its tile
 * Winograd's algorithm F(m x m, 3 x 3): tiles of m by m outputs from (m + 2)^2 products per channel instead of 9 m^2, which leaves a product
 * of matrices for each of the (m + 2)^2 points. Transforms go along one direction after the other. What reaches over the end of the data is
 * zero. Results are rounded otherwise than those of the direct sum (docs/decisions/037-winograd.md), and an element that is not finite
 * reaches all outputs of its tiles.
 * Halide: -. TVM: conv2d_winograd (a compute of its own).
 */
export const winograd = definePrimitive({
  name: 'winograd',
  summary: "Computes a sum of products over channels and 3 x 3 windows by Winograd's algorithm, in tiles of outputs.",
  rewrite: 'Y[o, y, x] += X[c, y + i, x + j] * W[o, c, i, j]  ->  Y = A^T sum over c of (G W G^T * B^T X B) A',
  halide: '-',
  tvm: '-',
  args: z.strictObject({
    block: nameArg,
    /** Outputs of a tile in each direction. */
    outputs: z.union([z.literal(2), z.literal(4)]),
  }),
  check(program, { block: name, outputs }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const { block } = site;
    const refused = requirePlain(site);
    if (refused !== null) return refused;
    const write = block.writes[0] as Write;
    const single = requireOnlyWriter(program, write.buffer, name);
    if (single !== null) return single;
    const product = productOf(block, dtypesOf(program.buffers));
    if (isRefusal(product)) return product;
    const { data, filter, windows } = product;
    const sums = findBuffer(program, write.buffer);
    const source = findBuffer(program, data.load.buffer);
    if (isRefusal(sums)) return sums;
    if (isRefusal(source)) return source;
    const moves = ({ load }: Factor, iter: string): boolean => usesIter(load.indices, iter);
    const taken = new Set(windows.flatMap(({ output, tap }) => [output.name, tap.name]));
    const others = block.iters.filter((iter) => !taken.has(iter.name));
    const channels = others.filter(({ type }) => type === 'reduction');
    const lonely = channels.find((iter) => !moves(data, iter.name) || !moves(filter, iter.name));
    if (channels.length === 0 || lonely !== undefined)
      return refuse('no-channels', () =>
        lonely === undefined
          ? `block ${name} sums over its windows alone, so that no product of matrices is left`
          : `only one operand of block ${name} moves with ${lonely.name}; expected every further reduction iter in both`,
      );
    const spatial = others.filter(({ type }) => type === 'spatial');
    return {
      nest: ownNest(site),
      block,
      ...{ data, filter, windows, source, sums, channels },
      matrices: winogradMatrices(outputs, windowTaps),
      // What moves both operands (groups of channels) stays one product each; what moves neither goes with the data.
      shared: spatial.filter(({ name: iter }) => moves(data, iter) && moves(filter, iter)),
      ofFilter: spatial.filter(({ name: iter }) => !moves(data, iter) && moves(filter, iter)),
      ofData: spatial.filter(({ name: iter }) => !moves(filter, iter)),
    };
  },
  apply: replaceByTransforms,
  describe: ({ block, outputs }) => `winograd(${block}, ${outputs})`,
});

const usesIter = (indices: Write['indices'], iter: string): boolean => indices.some((index) => usesVar(index, iter));

/** Refuses a block that is no whole sum, or whose loops a schedule has changed. */
function requirePlain(site: BlockSite): Refusal | null {
  const { block, around } = site;
  if (block.reducer?.op !== 'sum' || !block.reducer.initialises || block.writes.length !== 1)
    return refuse(
      'no-sum',
      () => `block ${block.name} is no whole sum`,
      () => 'winograd before decomposeReduction',
    );
  const changed = block.iters.find(
    ({ binding, extent }) =>
      binding.kind !== 'var' || around.find((loop) => loop.name === binding.name)?.extent !== extent,
  );
  if (changed !== undefined || block.predicate.length > 0 || ownNest(site) !== around[0])
    return refuse(
      'loop-changed',
      () => `block ${block.name} does not stand alone in one loop for each of its iters`,
      () => 'winograd before anything else',
    );
  return around.map(requireSerial).find((refusal) => refusal !== null) ?? null;
}

interface Product {
  readonly data: Factor;
  readonly filter: Factor;
  readonly windows: readonly [SlidingWindow, SlidingWindow];
}

/** The operands of a product over 3 x 3 windows, in f32. */
function productOf(block: Block, dtypes: ReadonlyMap<string, DType>): Product | Refusal {
  const factors = factorsOf(block);
  const isF32 = ({ value, load }: Factor): boolean =>
    (value.kind === 'cast' ? value.dtype : dtypes.get(load.buffer)) === 'f32';
  if (factors === null || !factors.every(isF32) || dtypes.get((block.writes[0] as Write).buffer) !== 'f32')
    return refuse('no-product', () => `block ${block.name} sums up no products of two elements in f32`);
  for (const [data, filter] of [factors, [factors[1], factors[0]] as const]) {
    const [down, across, ...more] = slidingWindows(block, data.load, filter.load, windowTaps);
    if (down !== undefined && across !== undefined && more.length === 0)
      return { data, filter, windows: [down, across] };
  }
  return refuse(
    'no-windows',
    () =>
      `block ${block.name} reads neither operand through windows of ${windowTaps} by ${windowTaps} neighbours that move by one element per output`,
  );
}
