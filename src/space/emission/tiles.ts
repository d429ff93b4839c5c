import type { For } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import { axesMoving, movesEvenlyAlong, sharedCopy } from '../copies.ts';
import { steppingAxes, wholeTilesOf } from '../derive/edges.ts';
import type { AccessInfo } from '../stage.ts';
import { type Axis, axesOf, type Copy, type Level, lastNest, type StageNest, type Tiling } from '../tiling.ts';
import {
  bindAlong,
  cooperate,
  type Numbers,
  shareAmongLanes,
  storeOf,
  unrollAll,
  vectorizeLast,
  workgroupSizeOf,
} from './parts.ts';

/** The loops of an axis' levels. */
type Loops = ReadonlyMap<Level, string>;

/** Tiles of outputs, each output complete in the registers of one invocation. */
export function emitTiles(tiling: Tiling, builder: ScheduleBuilder, value: Numbers): void {
  const nest = lastNest(tiling);
  const block = nest.stage.block.name;
  const isReduction = axesOf(nest, 'reduction').length > 0;
  const vector = value(tiling.vector);
  if (isReduction) fuseAxes(builder, nest);
  // The store of a reduction carries the tiling; the computation moves under its innermost invocation loop.
  const store = isReduction ? storeOf(builder, nest.stage) : block;
  const { loops, innermost } = placeSpatial(builder, nest, store, value);
  const grid = outermostFirst(nest, 'grid', value);
  let at = loops.get((grid.at(-1) as Axis).levels[0] as Level) as string;
  let steps: Steps | null = null;
  if (isReduction) {
    builder.computeAt(block, innermost);
    steps = placeReduction(builder, tiling, nest, innermost, value);
    at = steps.tilesAt;
  }
  const tiles = copyOperands(builder, tiling, nest, at, steps?.registersAt ?? null, value);
  if (!vectorizeLevels(builder, nest, loops, value)) vectorizeLast(builder, store, vector);
  unrollAll(builder, store);
  if (steps !== null && value(tiling.isUnrolled) === 1) for (const name of steps.inner) builder.unroll(name);
  for (const { buffer, padding, turns } of tiles) {
    if (padding > 0) builder.apply('storageAlign', { buffer, padding });
    if (turns) builder.apply('doubleBuffer', { buffer });
  }
  // Inner loops first, so that both parts of an outer cut contain the inner one.
  for (const axis of [...axesOf(nest, 'reduction')].reverse()) cut(builder, axis, steps?.loops, value);
  for (const axis of [...grid].reverse()) cut(builder, axis, loops, value);
}

/** Axes in the order of the block's iters. */
const asInBlock = (axes: readonly Axis[]): Axis[] =>
  [...axes].sort((a, b) => (a.iters[0] as number) - (b.iters[0] as number));

/** Spatial axes in the order of their loops of workgroups, or of invocations: what lies along x is innermost. */
function outermostFirst(nest: StageNest, kind: 'grid' | 'invocation', value: Numbers): Axis[] {
  const along = ({ levels }: Axis): number => value(levels.find((level) => level.kind === kind)?.along ?? 2);
  return [...axesOf(nest, 'spatial')].sort((a, b) => along(b) - along(a));
}

/** Makes the iters of an axis one, before anything has loops or copies of them. */
function fuseAxes(builder: ScheduleBuilder, { axes, stage }: StageNest): void {
  const { name, iters } = stage.block;
  for (const axis of axes)
    if (axis.iters.length > 1)
      builder.apply('fuseIters', { block: name, iters: axis.iters.map((i) => iters[i]?.name as string) });
}

/** Splits the axes of the block that stores, brings levels of a kind together and binds those of workgroups and invocations. */
export function placeSpatial(
  builder: ScheduleBuilder,
  nest: StageNest,
  store: string,
  value: Numbers,
): { readonly loops: Loops; readonly innermost: string } {
  const { block } = nest.stage;
  const own = builder.ownLoops(store).map(({ name }) => name);
  const spatial = asInBlock(axesOf(nest, 'spatial'));
  const loopsOf = (axis: Axis): string[] =>
    store === block.name
      ? axis.iters.flatMap((i) => builder.loopOfIter(store, block.iters[i]?.name as string) ?? [])
      : [own[spatial.indexOf(axis)] as string];
  const axes = outermostFirst(nest, 'invocation', value);
  const loops = new Map<Level, string>();
  const before = new Map(axes.map((axis) => [axis, loopsOf(axis)]));
  for (const axis of axes) {
    const mine = before.get(axis) as string[];
    if (mine.length > 0) splitLevels(builder, builder.fuse(mine), axis.levels, loops, value);
  }
  const ofKind = (ordered: readonly Axis[], ...kinds: readonly Level['kind'][]): PlacedLoop[] =>
    ordered.flatMap(({ levels }) =>
      levels.flatMap((level) => {
        const loop = loops.get(level);
        if (loop === undefined || !kinds.includes(level.kind)) return [];
        return [{ loop, along: value(level.along ?? 0), isGroup: level.isGroup === true }];
      }),
    );
  const grid = inGroups(ofKind(outermostFirst(nest, 'grid', value), 'grid'));
  const [invocations, inner] = [ofKind(axes, 'invocation'), ofKind(axes, 'serial', 'register')];
  builder.reorder([...grid, ...invocations, ...inner].map(({ loop }) => loop));
  bindAlong(builder, 'workgroup', grid);
  return { loops, innermost: bindAlong(builder, 'invocation', invocations) };
}

interface PlacedLoop {
  readonly loop: string;
  readonly along: number;
  readonly isGroup: boolean;
}

/** Loops of workgroups in the order of walking: where rows are in groups, all along x and y lie along x, the rows of a group innermost. */
export function inGroups(loops: readonly PlacedLoop[]): readonly PlacedLoop[] {
  const rows = loops.filter(({ isGroup }) => isGroup);
  if (rows.length === 0) return loops;
  const walked = [...loops.filter(({ isGroup }) => !isGroup), ...rows];
  return walked.map((placed) => ({ ...placed, along: placed.along === 1 ? 0 : placed.along }));
}

/** Splits a loop into its levels; a level of written-out elements, or of rows of a group, is left out where it has a single one. */
function splitLevels(
  builder: ScheduleBuilder,
  loop: string,
  levels: readonly Level[],
  into: Map<Level, string>,
  value: Numbers,
): void {
  const isReduction = levels[0]?.kind === 'serial';
  const factor = (level: Pick<Level, 'factor'>): number | null =>
    level.factor === 'rest' ? null : value(level.factor);
  const kept = levels.filter(
    ({ kind, isGroup, ...level }) =>
      factor(level) !== 1 || !(kind === 'vector' || isGroup || (isReduction && kind === 'register')),
  );
  const names = kept.length === 1 ? [loop] : builder.split(loop, kept.map(factor));
  for (const [at, level] of kept.entries()) into.set(level, names[at] as string);
}

interface Steps {
  readonly loops: Loops;
  readonly inner: readonly string[];
  /** The loop of one reduction step, where tiles are loaded, and the innermost, where an invocation loads what it multiplies. */
  readonly tilesAt: string;
  readonly registersAt: string;
}

/** Reduction loops outside, registers inside, the vector innermost; then the identity is stored before the first reduction loop. */
function placeReduction(
  builder: ScheduleBuilder,
  tiling: Tiling,
  nest: StageNest,
  innermost: string,
  value: Numbers,
): Steps {
  const { block } = nest.stage;
  const reduction = axesOf(nest, 'reduction');
  const computeLoops = loopsBelow(builder, block.name, innermost);
  const ordered = asInBlock(nest.axes);
  const nameOf = (axis: Axis): string => (computeLoops[ordered.indexOf(axis)] as For).name;
  const loops = new Map<Level, string>();
  for (const axis of reduction) splitLevels(builder, nameOf(axis), axis.levels, loops, value);
  const ofKind = (kind: Level['kind']): string[] =>
    reduction.flatMap(({ levels }) => levels.flatMap((level) => (level.kind === kind ? (loops.get(level) ?? []) : [])));
  const [outer, inner] = [ofKind('serial'), ofKind('step')];
  // Vectors lie along x, so that its loop is innermost.
  const spatial = outermostFirst(nest, 'invocation', value).map(nameOf);
  builder.reorder([...outer, ...inner, ...ofKind('register'), ...spatial]);
  vectorizeLast(builder, block.name, value(tiling.vector));
  const registersAt = inner.at(-1) as string;
  for (const loop of loopsBelow(builder, block.name, registersAt))
    if (loop.mode === 'serial') builder.unroll(loop.name);
  builder.apply('decomposeReduction', { block: block.name, loop: outer[0] as string });
  // Where tiles take turns they move with the innermost loop that has several steps; loops of one step inside it do not count.
  const isTurning = nest.copies.some(({ isDoubled }) => value(isDoubled) === 1);
  const stepping = steppingAxes(reduction).findIndex((isSo) => value(isSo) === 1);
  return { loops, inner, tilesAt: outer.at(isTurning ? stepping : -1) as string, registersAt };
}

/** Operands go through workgroup memory where so decided, and through named registers, each element loaded once. Returns the tiles. */
function copyOperands(
  builder: ScheduleBuilder,
  tiling: Tiling,
  nest: StageNest,
  tilesAt: string,
  registersAt: string | null,
  value: Numbers,
): { readonly buffer: string; readonly padding: number; readonly turns: boolean }[] {
  const block = nest.stage.block.name;
  const size = workgroupSizeOf(tiling, value);
  const reduction = axesOf(nest, 'reduction');
  const stepping = reduction[steppingAxes(reduction).findIndex((isSo) => value(isSo) === 1)];
  const sources = new Map<string, string>();
  const seen = new Set<string>();
  return nest.copies.flatMap((copy) => {
    const read = nest.reads[copy.read] as AccessInfo;
    const { name } = read.buffer;
    // Two accesses to one buffer share its copy.
    const key = `${name} ${copy.scope}`;
    if (seen.has(key)) return [];
    seen.add(key);
    if (value(copy.isTaken) !== 1) return [];
    const from = sources.get(name);
    const isGathered = copy.isByAxes === true && from === undefined;
    const made = isGathered
      ? builder.reindex(block, name, copy.scope)
      : builder.cacheRead(block, from ?? name, copy.scope);
    sources.set(name, made.buffer);
    builder.computeAt(made.block, copy.scope === 'private' ? (registersAt as string) : tilesAt);
    if (isGathered) layOut(builder, nest, copy, made, value);
    if (copy.scope === 'private') {
      vectorizeLast(builder, made.block, value(copy.vector));
      unrollAll(builder, made.block);
      return [];
    }
    if (copy.scope === 'subgroup') {
      shareAmongLanes(builder, made.block, copy.lanes as number, value(sharedCopy(nest, copy.read).width));
      return [];
    }
    cooperate(builder, made.block, size, value(copy.vector));
    const turns = value(copy.isDoubled) === 1 && stepping !== undefined && movesEvenlyAlong(nest, copy.read, stepping);
    return [{ buffer: made.buffer, padding: read.dimensions.length > 1 ? value(copy.padding) : 0, turns }];
  });
}

/**
 * Lays a copy with one dimension per axis out so that what is next to each other along x is so in the copy, and has it loaded in the order in
 * which its operand lies.
 */
function layOut(
  builder: ScheduleBuilder,
  nest: StageNest,
  { read, scope }: Copy,
  made: { readonly block: string; readonly buffer: string },
  value: Numbers,
): void {
  const access = nest.reads[read] as AccessInfo;
  const along = outermostFirst(nest, 'invocation', value).at(-1);
  const axes = asInBlock(axesMoving(nest, read));
  const last = axes.indexOf(along as Axis);
  if (last >= 0 && last < axes.length - 1) {
    const order = [...axes.keys()].filter((d) => d !== last);
    builder.apply('transformLayout', { buffer: made.buffer, blocks: axes.map(() => null), order: [...order, last] });
  }
  // Lanes of a subgroup hold elements in the order of the copy.
  if (scope === 'subgroup') return;
  const contiguous = axes.findIndex(({ iters }) => access.strides[iters.at(-1) as number] === 1);
  if (contiguous < 0 || contiguous === axes.length - 1) return;
  const loops = builder.ownLoops(made.block).map(({ name }) => name);
  builder.reorder([...loops.filter((_, d) => d !== contiguous), loops[contiguous] as string]);
}

/** Vectorises the levels of vectors; false where there are none. */
function vectorizeLevels(builder: ScheduleBuilder, { axes }: StageNest, loops: Loops, value: Numbers): boolean {
  const levels = axes.flatMap((axis) => axis.levels.filter(({ kind }) => kind === 'vector'));
  for (const level of levels) if (value(level.factor as number) > 1) builder.vectorize(loops.get(level) as string);
  return levels.length > 0;
}

/** Whole tiles of an axis run apart from the rest, where so decided. */
function cut(builder: ScheduleBuilder, axis: Axis, loops: Loops | undefined, value: Numbers): void {
  const at = value(wholeTilesOf(axis));
  if (at > 0) builder.apply('loopPartition', { loop: loops?.get(axis.levels[0] as Level) as string, at });
}

/** Loops around a block inside a given loop. */
function loopsBelow(builder: ScheduleBuilder, block: string, loop: string): readonly For[] {
  const around = builder.loopsAround(block);
  return around.slice(around.findIndex((other) => other.name === loop) + 1);
}
