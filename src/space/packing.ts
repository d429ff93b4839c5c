import { choose, equal, type Formula } from '../arithmetic/formula.ts';
import type { DeviceDescription } from '../ir/limits.ts';
import type { Program } from '../ir/nodes.ts';
import type { ScheduleBuilder } from './builder.ts';
import { createDecisions } from './decision.ts';
import { type AccessInfo, hasReuse, movesWith, type StageInfo } from './stage.ts';
import { heldOf, type PackedBlocks, type StageNest, type Tiling, tileOf } from './tiling.ts';

/** A constant operand that is laid out anew before anything else: as a whole, in another order of its dimensions. */
export interface Packing {
  readonly buffer: string;
  /** Dimensions of the input in their new order: other outputs' first, then those of the sum, and innermost the one that tiles cut. */
  readonly order: readonly number[];
}

/** What is worth packing. */
export interface PackSizes {
  /** Elements of the operand: fewer lie in the nearest cache in whatever layout. */
  readonly leastElements: number;
  /** Outputs that use each of them. */
  readonly leastReuse: number;
  /** Also operands whose dimensions stay in order, so that nothing but blocks is gained. */
  readonly inOrder: boolean;
}

/**
 * A CPU device reads rows that lie in order as fast as blocks of them, and what is used once as fast in any order; a GPU copies a tile that is one piece of memory in whole vectors, however
 * narrow it is (docs/decisions/036-constant-operands.md).
 */
export const packSizes: Readonly<Record<DeviceDescription['type'], PackSizes | null>> = {
  gpu: { leastElements: 2 ** 12, leastReuse: 1, inOrder: true },
  cpu: { leastElements: 2 ** 12, leastReuse: 2, inOrder: false },
};

/**
 * The rule of packing (Ansor's layout rewrite, oneDNN's blocked weights): a constant operand of a reduction with reuse, read by one stage at one
 * index in which every dimension is an iter of its own, can be laid out in the order in which tiles read it. Empty where nothing is constant.
 */
export function packingsOf(program: Program, stages: readonly StageInfo[], sizes: PackSizes | null): Packing[] {
  if (sizes === null || program.constants === undefined) return [];
  return program.constants.flatMap((buffer) => {
    const readers = stages.filter(({ reads }) => reads.some((read) => read.buffer.name === buffer));
    const [stage] = readers;
    if (readers.length !== 1 || stage === undefined || !hasReuse(stage)) return [];
    const accesses = stage.reads.filter((read) => read.buffer.name === buffer);
    const [access] = accesses;
    if (accesses.length !== 1 || access === undefined || sizeOf(access) < sizes.leastElements) return [];
    if (reuseOf(stage, access) < sizes.leastReuse) return [];
    const order = orderOf(stage, access);
    return order === null || (isInOrder(order) && !sizes.inOrder) ? [] : [{ buffer, order }];
  });
}

const isInOrder = (order: readonly number[]): boolean => order.every((d, at) => d === at);

const sizeOf = ({ buffer }: AccessInfo): number => buffer.shape.reduce((all, extent) => all * extent, 1);

/** Outputs that use one element of an operand. */
const reuseOf = ({ block }: StageInfo, access: AccessInfo): number =>
  block.iters.reduce(
    (all, { type, extent }, i) => (type === 'reduction' || movesWith(access, i) ? all : all * extent),
    1,
  );

/** The order in which a stage's tiles read an operand; null where a dimension is not an iter by itself, or no tiles would cut it. */
function orderOf(stage: StageInfo, access: AccessInfo): readonly number[] | null {
  const { block, reads } = stage;
  const isPlain = access.dimensions.every(
    ({ opaque, moving, coefficients }) => !opaque && moving.length <= 1 && moving.every((i) => coefficients[i] === 1),
  );
  if (!isPlain) return null;
  const dimensionsOf = (type: 'spatial' | 'reduction'): number[] =>
    block.iters.flatMap((iter, i) =>
      iter.type === type ? access.dimensions.flatMap(({ moving }, d) => (moving[0] === i ? [d] : [])) : [],
    );
  const [spatial, reduction] = [dimensionsOf('spatial'), dimensionsOf('reduction')];
  const isReused = (d: number): boolean =>
    reads.some((read) => !movesWith(read, access.dimensions[d]?.moving[0] as number));
  const cut = spatial.filter((d) => (access.buffer.shape[d] as number) > 1);
  const innermost = cut.findLast(isReused) ?? cut.at(-1);
  if (innermost === undefined || reduction.length === 0) return null;
  const still = access.dimensions.flatMap(({ moving }, d) => (moving.length === 0 ? [d] : []));
  return [...still, ...spatial.filter((d) => d !== innermost), ...reduction, innermost];
}

/** Makes the packed copies of a plain program. */
export function applyPacking(builder: ScheduleBuilder, { buffer, order }: Packing): void {
  builder.apply('pack', { buffer, blocks: order.map(() => null), order });
}

/** A packed copy. */
export interface PackedBuffer {
  readonly buffer: string;
  /** Its dimensions are in the order of the input's, so that only blocks make a difference. */
  readonly isInOrder: boolean;
}

/** The packed copies of a plain program by the blocks that make them. */
export function packedBy(
  packings: readonly Packing[],
  stages: readonly StageInfo[],
): ReadonlyMap<string, PackedBuffer> {
  return new Map(
    packings.flatMap(({ buffer, order }): [string, PackedBuffer][] => {
      // Nobody else reads the input any more.
      const maker = stages.find(({ reads }) => reads.some((read) => read.buffer.name === buffer));
      if (maker === undefined) return [];
      return [[maker.block.name, { buffer: maker.write.buffer.name, isInOrder: isInOrder(order) }]];
    }),
  );
}

/**
 * A tiling with decisions about the blocks of packed operands, which follow from its own tiles; null where it gains nothing from their
 * packing.
 */
export function withPackedBlocks(tiling: Tiling, packed: readonly PackedBuffer[]): Tiling | null {
  const packedOf = (read: AccessInfo): PackedBuffer | undefined =>
    packed.find(({ buffer }) => buffer === read.buffer.name);
  const nest = tiling.nests.find(({ reads }) => reads.some((read) => packedOf(read) !== undefined));
  if (nest === undefined || tiling.meeting.kind !== 'serial' || tiling.merged !== undefined) return null;
  const list = createDecisions(nest.stage.block.name);
  const blocks = nest.reads.flatMap((read): PackedBlocks[] => {
    const own = packedOf(read);
    const tiles = own === undefined ? null : tilesOfLast(nest, read);
    if (tiles === null) return [];
    const wish = list.decide({
      name: `${read.buffer.name}.blocks`,
      doc: `layout of ${read.buffer.name}: 0 in whole rows, 1 in blocks of what an invocation holds, 2 in blocks of a workgroup's tile`,
      options: own?.isInOrder ? [1, 2] : [0, 1, 2],
    });
    const { name } = read.buffer;
    const block = choose(equal(wish, 1), tiles.held, choose(equal(wish, 2), tiles.tile, 1));
    return [{ buffer: name, dimensions: read.dimensions.length, extent: read.buffer.shape.at(-1) as number, block }];
  });
  if (blocks.length === 0 && packed.every(({ isInOrder }) => isInOrder)) return null;
  return { ...tiling, decisions: [...tiling.decisions, ...list.all], packed: blocks };
}

/** The pieces in which invocations and workgroups take the last dimension of a read; null where an axis has it and others in one. */
function tilesOfLast(
  nest: StageNest,
  { dimensions }: AccessInfo,
): { readonly held: Formula; readonly tile: Formula } | null {
  const iter = dimensions.at(-1)?.moving[0];
  const axis = nest.axes.find(({ iters }) => iters.length === 1 && iters[0] === iter);
  return axis === undefined ? null : { held: heldOf(axis), tile: tileOf(axis) };
}

/** Lays a packed operand out in blocks, where they are smaller than its rows. */
export function applyBlocks(
  builder: ScheduleBuilder,
  { buffer, dimensions, extent }: PackedBlocks,
  block: number,
): void {
  if (block <= 1 || block >= extent) return;
  const rows = Array.from({ length: dimensions - 1 }, (_, d) => d);
  const blocks = [...rows.map(() => null), block];
  builder.apply('transformLayout', { buffer, blocks, order: [dimensions - 1, ...rows, dimensions] });
}
