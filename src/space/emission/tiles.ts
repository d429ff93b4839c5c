import type { For } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import { steppingAxes, wholeTilesOf } from '../derive/edges.ts';
import { type AccessInfo, movesEvenly } from '../stage.ts';
import { type Axis, axesOf, type Level, lastNest, type StageNest, type Tiling } from '../tiling.ts';
import { bindAlong, cooperate, type Numbers, storeOf, unrollAll, vectorizeLast, workgroupSizeOf } from './parts.ts';

/** The loops of an axis' levels. */
type Loops = ReadonlyMap<Level, string>;

/** Tiles of outputs, each output complete in the registers of one invocation. */
export function emitTiles(tiling: Tiling, builder: ScheduleBuilder, value: Numbers): void {
  const nest = lastNest(tiling);
  const block = nest.stage.block.name;
  const isReduction = axesOf(nest, 'reduction').length > 0;
  const vector = value(tiling.vector);
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
  if (isReduction || !vectorizeLevels(builder, nest, loops, value)) vectorizeLast(builder, store, vector);
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

/** Spatial axes in the order of their loops of workgroups, or of invocations: what lies along x is innermost. */
function outermostFirst(nest: StageNest, kind: 'grid' | 'invocation', value: Numbers): Axis[] {
  const along = ({ levels }: Axis): number => value(levels.find((level) => level.kind === kind)?.along ?? 2);
  return [...axesOf(nest, 'spatial')].sort((a, b) => along(b) - along(a));
}

/** Splits the axes of the block that stores, brings levels of a kind together and binds those of workgroups and invocations. */
function placeSpatial(
  builder: ScheduleBuilder,
  nest: StageNest,
  store: string,
  value: Numbers,
): { readonly loops: Loops; readonly innermost: string } {
  const { block } = nest.stage;
  const own = builder.ownLoops(store).map(({ name }) => name);
  const spatial = block.iters.flatMap((iter, i) => (iter.type === 'spatial' ? [i] : []));
  const loopsOf = ({ iters }: Axis): string[] =>
    store === block.name
      ? iters.flatMap((i) => builder.loopOfIter(store, block.iters[i]?.name as string) ?? [])
      : iters.map((i) => own[spatial.indexOf(i)] as string);
  const axes = outermostFirst(nest, 'invocation', value);
  const loops = new Map<Level, string>();
  const before = new Map(axes.map((axis) => [axis, loopsOf(axis)]));
  for (const axis of axes) {
    const mine = before.get(axis) as string[];
    if (mine.length > 0) splitLevels(builder, builder.fuse(mine), axis.levels, loops, value);
  }
  const ofKind = (
    ordered: readonly Axis[],
    ...kinds: readonly Level['kind'][]
  ): { readonly loop: string; readonly along: number }[] =>
    ordered.flatMap(({ levels }) =>
      levels.flatMap((level) => {
        const loop = loops.get(level);
        return loop === undefined || !kinds.includes(level.kind) ? [] : [{ loop, along: value(level.along ?? 0) }];
      }),
    );
  const grid = ofKind(outermostFirst(nest, 'grid', value), 'grid');
  const [invocations, inner] = [ofKind(axes, 'invocation'), ofKind(axes, 'serial', 'register')];
  builder.reorder([...grid, ...invocations, ...inner].map(({ loop }) => loop));
  bindAlong(builder, 'workgroup', grid);
  return { loops, innermost: bindAlong(builder, 'invocation', invocations) };
}

/** Splits a loop into its levels; a level of written-out elements is left out where it has a single one. */
function splitLevels(
  builder: ScheduleBuilder,
  loop: string,
  levels: readonly Level[],
  into: Map<Level, string>,
  value: Numbers,
): void {
  const isReduction = levels[0]?.kind === 'serial';
  const factor = (level: Level): number | null => (level.factor === 'rest' ? null : value(level.factor));
  const kept = levels.filter(
    (level) => factor(level) !== 1 || !(level.kind === 'vector' || (isReduction && level.kind === 'register')),
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
  const nameOf = (iter: number): string => (computeLoops[iter] as For).name;
  const loops = new Map<Level, string>();
  for (const { iters, levels } of reduction) splitLevels(builder, nameOf(iters[0] as number), levels, loops, value);
  const ofKind = (kind: Level['kind']): string[] =>
    reduction.flatMap(({ levels }) => levels.flatMap((level) => (level.kind === kind ? (loops.get(level) ?? []) : [])));
  const [outer, inner] = [ofKind('serial'), ofKind('step')];
  const spatial = block.iters.flatMap((iter, i) => (iter.type === 'spatial' ? [nameOf(i)] : []));
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
    const made = builder.cacheRead(block, sources.get(name) ?? name, copy.scope);
    sources.set(name, made.buffer);
    builder.computeAt(made.block, copy.scope === 'workgroup' ? tilesAt : (registersAt as string));
    if (copy.scope === 'private') {
      vectorizeLast(builder, made.block, value(copy.vector));
      unrollAll(builder, made.block);
      return [];
    }
    cooperate(builder, made.block, size, value(copy.vector));
    const turns =
      value(copy.isDoubled) === 1 &&
      stepping !== undefined &&
      movesEvenly(nest.stage, copy.read, stepping.iters[0] as number);
    return [{ buffer: made.buffer, padding: read.dimensions.length > 1 ? value(copy.padding) : 0, turns }];
  });
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
