import { assert } from '../../support/errors.ts';

/**
 * Columns of numbers cut into bins, so that a split is chosen among few places. A bin holds the values from its edge up to the next edge.
 * Bins of all columns are numbered one after the other, since their sums lie in one histogram; the last bin of a column holds its missing values.
 */
export interface Bins {
  readonly count: number;
  readonly columns: number;
  /** Column after column: the bin of each row, counted from the first of its column. */
  readonly of: Uint16Array;
  /** First bin of each column, and the number of all bins at the end. */
  readonly starts: Int32Array;
  /** Least value of each bin; NaN for the bin of missing values. */
  readonly edges: Float32Array;
  /** 1 where a column has missing values. */
  readonly missing: Uint8Array;
}

/**
 * Cuts `count` rows of `columns` numbers, NaN missing. A column with at most `most` different values has a bin for each of them; otherwise bins hold
 * about equally many rows. XGBoost weighs rows here; equal weights cut about as well. Throws InternalError for an infinite number, as XGBoost does.
 */
export function cutIntoBins(rows: Float32Array, count: number, columns: number, most: number): Bins {
  const of = new Uint16Array(count * columns);
  const starts = new Int32Array(columns + 1);
  const missing = new Uint8Array(columns);
  const edges = new Float32Array(columns * (most + 1));
  const values = new Float32Array(count);
  let used = 0;
  for (let column = 0; column < columns; column++) {
    const start = used;
    starts[column] = start;
    let present = 0;
    for (let row = 0; row < count; row++) {
      const value = rows[row * columns + column] as number;
      if (Number.isNaN(value)) continue;
      assert(
        Math.abs(value) !== Number.POSITIVE_INFINITY,
        () => `own trees: column ${column} of row ${row} is infinite`,
      );
      values[present++] = value;
    }
    used = cut(values.subarray(0, present).sort(), most, edges, start);
    missing[column] = present < count ? 1 : 0;
    const last = used;
    if (present < count) edges[used++] = Number.NaN;
    const begin = column * count;
    for (let row = 0; row < count; row++) {
      const value = rows[row * columns + column] as number;
      of[begin + row] = (Number.isNaN(value) ? last : binAmong(edges, start, last, value)) - start;
    }
  }
  starts[columns] = used;
  return { count, columns, of, starts, edges: edges.slice(0, used), missing };
}

/** Writes the edges of sorted values from `at` on, and returns where they end. */
function cut(sorted: Float32Array, most: number, edges: Float32Array, at: number): number {
  let different = 0;
  for (let row = 0; row < sorted.length; row++) if (row === 0 || sorted[row] !== sorted[row - 1]) different++;
  const start = at;
  let end = at;
  for (let row = 0; row < sorted.length; row++) {
    if (row > 0 && sorted[row] === sorted[row - 1]) continue;
    // The next bin begins with the first new value after as many rows as the bins before it should hold.
    if (different > most && row * most < (end - start) * sorted.length) continue;
    edges[end++] = sorted[row] as number;
  }
  return end;
}

/** The bin from `first` to before `end` that a value not less than the first edge lies in. */
function binAmong(edges: Float32Array, first: number, end: number, value: number): number {
  let low = first;
  let high = end;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value < (edges[middle] as number)) high = middle;
    else low = middle;
  }
  return low;
}
