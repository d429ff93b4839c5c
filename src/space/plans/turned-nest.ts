import { level, type Nest, type NestNumbers } from '../nest.ts';
import { decided } from './decided.ts';
import type { TurnedLayout } from './turned.ts';

/** The nest of a turned plan: one tile a workgroup. */
export function turnedNest(layout: TurnedLayout): Nest {
  const { stage, row, column } = layout;
  const count = stage.block.iters.length;
  const extents = Float64Array.from(stage.block.iters, (iter) => iter.extent);
  const size = extents.reduce((all, next) => all * next, 1);
  const others = size / ((extents[row] as number) * (extents[column] as number));
  const staged = stage.reads.map((read) => (layout.turned.includes(read) ? 1 : 0));
  const describe = (values: Float64Array, first: number, into: NestNumbers): void => {
    const { boxes, counts, besideX, besideY } = into;
    const columns = decided(values, first, layout.columns);
    const rows = decided(values, first, layout.rows);
    const wide = decided(values, first, layout.columnLanes) * columns;
    const high = decided(values, first, layout.rowLanes) * rows;
    const alongX = Math.ceil((extents[column] as number) / wide);
    const alongY = Math.ceil((extents[row] as number) / high);
    besideX.fill(0);
    besideY.fill(0);
    besideX[column] = columns;
    besideY[row] = rows;
    boxes.fill(1);
    for (let i = 0; i < count; i++) boxes[level.grid * count + i] = extents[i] as number;
    boxes[level.load * count + column] = columns;
    boxes[level.load * count + row] = rows;
    for (let l: number = level.step; l <= level.row; l++) {
      boxes[l * count + column] = wide;
      boxes[l * count + row] = high;
    }
    boxes[level.row * count + column] = extents[column] as number;
    counts[level.load] = (alongX * alongY * others * wide * high) / (columns * rows);
    counts[level.step] = alongX * alongY * others;
    counts[level.workgroup] = alongX * alongY * others;
    counts[level.row] = alongY * others;
    counts[level.grid] = 1;
    into.staged.set(staged);
    into.vector = decided(values, first, layout.vector);
    into.padding = decided(values, first, layout.rowPadding, 0);
  };
  return { stage, reads: stage.reads, again: stage.reads.map(() => false), writes: [stage.write], describe };
}
