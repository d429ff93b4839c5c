import type { ScheduleBuilder } from '../builder.ts';
import { bindGrid, cooperate, unrollAll, vectorizeLast } from './emit-parts.ts';
import type { TurnedLayout } from './turned.ts';

/** Turns a turned plan's decisions into primitives. `value` gives a decision by its index, 1 for what is not open. */
export function emitTurned(layout: TurnedLayout, builder: ScheduleBuilder, value: (index: number) => number): void {
  const { stage, row, column } = layout;
  const { name, iters } = stage.block;
  const loopOf = (axis: number): string => builder.loopOfIter(name, iters[axis]?.name as string) as string;
  const ends = [loopOf(row), loopOf(column)];
  const others = builder
    .ownLoops(name)
    .map((loop) => loop.name)
    .filter((loop) => !ends.includes(loop));
  const [rowLanes, columnLanes] = [value(layout.rowLanes), value(layout.columnLanes)];
  const rows = builder.split(ends[0] as string, [null, rowLanes, value(layout.rows)]);
  const columns = builder.split(ends[1] as string, [null, columnLanes, value(layout.columns)]);
  const pairs = [0, 1, 2].flatMap((level) => [rows[level] as string, columns[level] as string]);
  builder.reorder([...others, ...pairs]);
  const grid = [...others, rows[0] as string, columns[0] as string];
  bindGrid(builder, grid, [rows[1] as string, columns[1] as string]);

  const vector = value(layout.vector);
  const padding = layout.rowPadding < 0 ? 0 : value(layout.rowPadding);
  for (const read of layout.turned) {
    const tile = builder.cacheRead(name, read.buffer.name, 'workgroup');
    builder.computeAt(tile.block, columns[0] as string);
    cooperate(builder, tile.block, [columnLanes, rowLanes, 1], vector);
    if (padding > 0) builder.apply('storageAlign', { buffer: tile.buffer, padding });
  }
  vectorizeLast(builder, name, vector);
  unrollAll(builder, name);
}
