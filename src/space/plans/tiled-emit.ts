import type { For } from '../../ir/nodes.ts';
import type { ScheduleBuilder } from '../builder.ts';
import type { AccessInfo } from '../stage.ts';
import { bindGrid, cooperate, storeOf, unrollAll, vectorizeLast } from './emit-parts.ts';
import { cuttableAxes } from './tiled-edges.ts';
import type { TiledLayout } from './tiled-layout.ts';

/** Turns a tiled plan's decisions into primitives. `value` gives a decision by its index, 1 for what is not open. */
export function emitTiled(layout: TiledLayout, builder: ScheduleBuilder, value: (index: number) => number): void {
  const { stage, spatial, reduction } = layout;
  const { iters } = stage.block;
  const block = stage.block.name;
  const vector = value(layout.vector);
  const lanes = spatial.map((_, s) => value(layout.invocations[s] as number));

  // The store carries the tiling; the computation moves under its innermost invocation loop.
  const store = storeOf(builder, stage);
  const parts = builder
    .ownLoops(store)
    .map((loop, s) => builder.split(loop.name, [null, lanes[s] as number, value(layout.registers[s] as number)]));
  const column = (position: number): string[] => parts.map((part) => part[position] as string);
  builder.reorder([...column(0), ...column(1), ...column(2)]);
  const grid = column(0);
  const innermost = bindGrid(builder, grid, column(1));
  builder.computeAt(block, innermost);

  // Reduction loops outside, registers inside, the vector innermost; then the identity is stored before the first reduction loop.
  const computeLoops = loopsBelow(builder, block, innermost);
  const nameOf = (iter: number): string => (computeLoops[iter] as For).name;
  const together = value(layout.together);
  const halves = reduction.map((i, r) => {
    const step = value(layout.step[r] as number);
    const written = r === reduction.length - 1 && together > 1 ? [step / together, together] : [step];
    return builder.split(nameOf(i), [null, ...written]);
  });
  const outer = halves.map((half) => half[0] as string);
  const inner = halves.map((half) => half[1] as string);
  const written = halves.flatMap((half) => half.slice(2));
  builder.reorder([...outer, ...inner, ...written, ...spatial.map(nameOf)]);
  vectorizeLast(builder, block, vector);
  for (const loop of loopsBelow(builder, block, inner.at(-1) as string))
    if (loop.mode === 'serial') builder.unroll(loop.name);
  builder.apply('decomposeReduction', { block, loop: outer[0] as string });

  const chosen = (index: number): number => (index < 0 ? 0 : value(index));
  const extentOf = (position: number): number => iters[position]?.extent as number;
  // Where tiles take turns they move with the innermost loop that has several steps; loops of one step inside it are none.
  const stepping = reduction.findLastIndex((i, r) => value(layout.step[r] as number) < extentOf(i));
  const turning = chosen(layout.doubled) === 1 ? stepping : -1;
  const tiles = copyOperands(layout, builder, value, {
    at: outer.at(turning < 0 ? -1 : turning) as string,
    fragmentAt: inner.at(-1) as string,
    lanes,
    vector,
    together,
  });

  vectorizeLast(builder, store, vector);
  unrollAll(builder, store);
  if (layout.unroll >= 0 && value(layout.unroll) === 1) for (const name of inner) builder.unroll(name);
  const padding = chosen(layout.rowPadding);
  for (const { buffer, q } of tiles) {
    const isMatrix = (stage.reads[q] as AccessInfo).dimensions.length > 1;
    if (padding > 0 && isMatrix) builder.apply('storageAlign', { buffer, padding });
    if (turning >= 0 && layout.moves[q]?.[turning]) builder.apply('doubleBuffer', { buffer });
  }
  // Inner loops first: what is cut twice is then cut in both parts.
  const cut = (loop: string, extent: number, tile: number): void => {
    if (tile < extent && extent % tile > 0) builder.apply('loopPartition', { loop, at: Math.floor(extent / tile) });
  };
  if (chosen(layout.stepParts) === 1)
    for (let r = reduction.length - 1; r >= 0; r--)
      if (layout.standsAlone[r])
        cut(outer[r] as string, extentOf(reduction[r] as number), value(layout.step[r] as number));
  if (chosen(layout.gridParts) === 1)
    for (let s = spatial.length - 1; s >= Math.max(0, spatial.length - cuttableAxes); s--)
      cut(
        grid[s] as string,
        extentOf(spatial[s] as number),
        (lanes[s] as number) * value(layout.registers[s] as number),
      );
}

interface CopyPlaces {
  /** The loop of one reduction step, where tiles are loaded. */
  readonly at: string;
  /** The innermost reduction loop, where an invocation loads what it multiplies. */
  readonly fragmentAt: string;
  readonly lanes: readonly number[];
  readonly vector: number;
  readonly together: number;
}

/** Operands go through workgroup memory where so decided, and always through named registers, each element loaded once. Returns the tiles. */
function copyOperands(
  layout: TiledLayout,
  builder: ScheduleBuilder,
  value: (index: number) => number,
  places: CopyPlaces,
): { readonly buffer: string; readonly q: number }[] {
  const tiles: { buffer: string; q: number }[] = [];
  const block = layout.stage.block.name;
  const { lanes, vector, together } = places;
  const { spatial, reduction } = layout;
  const size = [lanes.at(-1) ?? 1, lanes.at(-2) ?? 1, lanes.slice(0, -2).reduce((all, next) => all * next, 1)] as const;
  const seen = new Set<string>();
  layout.stage.reads.forEach((read, q) => {
    let source = read.buffer.name;
    // Two accesses to one buffer share its copy.
    if (seen.has(source)) return;
    seen.add(source);
    if ((layout.staged[q] as number) >= 0 && value(layout.staged[q] as number) === 1) {
      const tile = builder.cacheRead(block, source, 'workgroup');
      builder.computeAt(tile.block, places.at);
      cooperate(builder, tile.block, size, vector > 1 ? widestVector(rowExtent(read)) : 1);
      source = tile.buffer;
      tiles.push({ buffer: source, q });
    }
    const fragment = builder.cacheRead(block, source, 'private');
    builder.computeAt(fragment.block, places.fragmentAt);
    // An operand is loaded in vectors along the axis on which it lies contiguous: the outputs' innermost, or the reduction's.
    const alongReduction =
      read.strides[reduction.at(-1) as number] === 1 && read.strides[spatial.at(-1) as number] !== 1;
    vectorizeLast(
      builder,
      fragment.block,
      alongReduction && vector > 1 ? widestVector(rowExtent(read), together) : vector,
    );
    unrollAll(builder, fragment.block);
  });
  return tiles;
}

/** Loops around a block inside a given loop. */
function loopsBelow(builder: ScheduleBuilder, block: string, loop: string): readonly For[] {
  const around = builder.loopsAround(block);
  return around.slice(around.findIndex((other) => other.name === loop) + 1);
}

/** Elements that lie next to each other in a read's innermost dimension. */
function rowExtent(read: AccessInfo): number {
  return read.dimensions.at(-1)?.extent ?? 1;
}

/** The widest vector that divides all of these. */
function widestVector(...extents: readonly number[]): number {
  return [4, 2].find((width) => extents.every((extent) => extent % width === 0)) ?? 1;
}
