import { level, type Nest, type NestNumbers } from '../nest.ts';
import { decided } from './decided.ts';
import type { MatrixLayout } from './matrix.ts';

/** The nest of a matrix plan: a matrix of each factor in the lanes of a subgroup, a tile a step, a row of steps a workgroup. */
export function matrixNest(layout: MatrixLayout): Nest {
  const { stage, config, lanes, row, column, depth } = layout;
  const extents = stage.block.iters.map((iter) => iter.extent);
  const count = extents.length;
  const points = extents.reduce((all, next) => all * next, 1);
  const describe = (values: Float64Array, first: number, into: NestNumbers): void => {
    const { boxes, counts, besideX, besideY, staged } = into;
    besideX.fill(0);
    besideY.fill(0);
    // Batches are workgroups of their own along z.
    boxes.fill(1);
    for (let i = 0; i < count; i++) boxes[level.grid * count + i] = extents[i] as number;
    const set = (iter: number, load: number, step: number, workgroup: number, inRow: number): void => {
      boxes[level.load * count + iter] = load;
      boxes[level.step * count + iter] = step;
      boxes[level.workgroup * count + iter] = workgroup;
      boxes[level.row * count + iter] = inRow;
    };
    const rows = decided(values, first, layout.subgroups[0]) * decided(values, first, layout.matrices[0]) * config.m;
    const columns = decided(values, first, layout.subgroups[1]) * decided(values, first, layout.matrices[1]) * config.n;
    const deep = decided(values, first, layout.step) * config.k;
    const [inColumns, inDepth] = [extents[column] as number, extents[depth] as number];
    set(row, decided(values, first, layout.matrices[0]) * config.m, rows, rows, rows);
    set(column, decided(values, first, layout.matrices[1]) * config.n, columns, columns, inColumns);
    set(depth, config.k, deep, inDepth, inDepth);
    // The lanes of a subgroup share its columns; subgroups beside each other take the next matrix.
    besideX[column] = config.n / lanes;
    besideY[column] = config.n;
    const outputs = points / inDepth;
    const workgroups = outputs / (rows * columns);
    counts[level.load] =
      points /
      ((boxes[level.load * count + row] as number) * (boxes[level.load * count + column] as number) * config.k);
    counts[level.step] = (workgroups * inDepth) / deep;
    counts[level.workgroup] = workgroups;
    counts[level.row] = (workgroups * columns) / inColumns;
    counts[level.grid] = 1;
    for (let q = 0; q < stage.reads.length; q++) staged[q] = decided(values, first, layout.staged[q] as number);
    into.vector = 1;
    into.padding = 0;
  };
  return { stage, reads: stage.reads, again: stage.reads.map(() => false), writes: [stage.write], describe };
}
