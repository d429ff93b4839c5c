import { accumulate } from './accumulate.ts';
import { axisAttributes, innerParameter, writeOutAxis } from './along-axis.ts';
import { defineOperator, dimension, option } from './define.ts';
import type { Condition, Index, Reduction, Tensor, Value } from './definition.ts';
import { add, cast, floorDiv, ge, gt, le, lt, mod, mul, reductionAxis, select, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';
import type { Workload } from './workload.ts';

/** Lines up to this long are summed from their start for each place. */
const shortLine = 64;
/** Blocks have at most so many elements, because as many additions are done for each of them. */
const longestBlock = 32;
/** Of up to so many blocks, those in front of each are summed from the start of the line. */
const fewBlocks = 256;

/** How long blocks are: a divisor of the line where there is one of a useful length. */
function blockOf(length: number): number {
  for (let size = longestBlock; size >= longestBlock / 4; size--) if (length % size === 0) return size;
  return longestBlock;
}

type Axes<K extends string> = { readonly [A in K | 'i']: number } & { readonly l?: number };
/** Whether element k belongs to the sum at a place. */
type Counts = (k: Index, place: Index) => Condition;

/** Lines of numbers side by side; `at` is element k of line (i, l), in f32. */
interface Lines {
  readonly rows: number;
  readonly length: number;
  readonly inner: number;
  readonly at: (i: Index, k: Index, l: Index | undefined) => Value;
}
/** The same in blocks; elements beyond the end of a line are zeros. */
interface Blocks extends Pick<Lines, 'rows' | 'inner'> {
  readonly count: number;
  readonly block: number;
  readonly at: (i: Index, b: Index, t: Index, l: Index | undefined) => Value;
}

const besides = ({ inner }: { readonly inner: number }): { readonly l?: number } => (inner === 1 ? {} : { l: inner });
const own = (l: Index | undefined): readonly Index[] => (l === undefined ? [] : [l]);
const isCut = (length: number): boolean => length % blockOf(length) !== 0;

/** Lines in blocks: a stage of its own, which schedules inline, so that a tile of blocks is a box of its elements. */
function inBlocks(lines: Lines, level: number): Blocks {
  const { rows, inner, length } = lines;
  const block = blockOf(length);
  const count = Math.ceil(length / block);
  const axes: Axes<'b' | 't'> = { i: rows, b: count, t: block, ...besides(lines) };
  const blocks = compute(
    `blocks${level}`,
    axes,
    ({ i, b, t, l }) => {
      const k = add(mul(b, block), t);
      const element = lines.at(i, k, l);
      return isCut(length) ? select(lt(k, length), element, 0) : element;
    },
    { stage: `cut${level}` },
  );
  return { rows, inner, count, block, at: (i, b, t, l) => blocks.at(i, b, t, ...own(l)) };
}

/** The sum of each block. */
function totalsOf(blocks: Blocks, level: number): Lines {
  const { rows, inner, count } = blocks;
  const axes: Axes<'b'> = { i: rows, b: count, ...besides(blocks) };
  const totals = compute(
    `totals${level}`,
    axes,
    ({ i, b, l }) => {
      const t = reductionAxis('t', blocks.block);
      return sumOver(blocks.at(i, b, t, l), [t]);
    },
    { stage: `sum_blocks${level}` },
  );
  return { rows, inner, length: count, at: (i, k, l) => totals.at(i, k, ...own(l)) };
}

/** The sum of those elements of a block that count at a place in it. */
function insideBlock(
  blocks: Blocks,
  counts: Counts,
  i: Index,
  b: Index,
  place: Index,
  l: Index | undefined,
): Reduction {
  const t = reductionAxis('t', blocks.block);
  return sumOver(select(counts(t, place), blocks.at(i, b, t, l), 0), [t]);
}

/** The sum, at each place of a line, of all that counts; of long lines in blocks, block by block as well as inside of each. */
function sumsIn(lines: Lines, counts: Counts, level: number): Lines {
  const axes: Axes<'j'> = { i: lines.rows, j: lines.length, ...besides(lines) };
  const [name, stage] = [`before${level}`, `sum_before${level}`];
  const cut = lines.length > fewBlocks ? inBlocks(lines, level) : null;
  const k = reductionAxis('k', lines.length);
  const sums =
    cut === null
      ? compute(name, axes, ({ i, j, l }) => sumOver(select(counts(k, j), lines.at(i, k, l), 0), [k]), { stage })
      : sumsByBlocks(cut, counts, counts, axes, level, { name, stage, dtype: 'f32' });
  return { ...lines, at: (i, j, l) => sums.at(i, j, ...own(l)) };
}

interface Named {
  readonly name: string;
  readonly stage: string;
  readonly dtype: Workload['dtype'];
}

/** The sums of lines in blocks that lie one after the other in the result, whether blocks divide it or not. */
function sumsByBlocks(
  blocks: Blocks,
  counts: Counts,
  before: Counts,
  axes: Axes<'j'>,
  level: number,
  { name, stage, dtype }: Named,
): Tensor {
  const outside = sumsIn(totalsOf(blocks, level + 1), before, level + 1);
  const { block } = blocks;
  return accumulate(name, axes, ({ i, j, l }) => insideBlock(blocks, counts, i, floorDiv(j, block), mod(j, block), l), {
    stage,
    dtype,
    finish: (sum, { i, j, l }) => add(sum, outside.at(i, floorDiv(j, block), l)),
  });
}

/** Whether X and Y are declared in blocks, so that no index has to be divided. */
const isBlocked = (cols: number): boolean => cols > shortLine && !isCut(cols);

/**
 * Y[i, j, l] = sum of X[i, k, l] over k <= j. The IR has no scans; so a line of up to 64 elements is a reduction over all of it for each place,
 * n * n additions. A longer one is cut into blocks of at most 32: the blocks are summed, then what lies in front of each (again in blocks
 * where there are many), then the places inside of each block. That is some 40 additions and two reads of memory per element, where a scan
 * does one or two of each, in three kernels (five from some 8,192 elements on).
 */
defineOperator({
  name: 'cumsum',
  summary: 'cumulative sum along each row of X[rows,cols], or along any dimension',
  parameters: {
    rows: dimension(128, 'rows, each summed by itself'),
    cols: dimension(256, 'columns: what is summed along'),
    inner: innerParameter('summed'),
    exclusive: option('a sum does not include the element at its own place'),
    reverse: option('sums run from the end of a row'),
  },
  attributes: axisAttributes('summed along'),
  writeOut: (_, a, given) => writeOutAxis('cumsum', a, given),
  examples: [{ says: 'along any dimension of a tensor of any rank', attributes: { shape: '8,12,64,64', axis: '1' } }],
  build: (p, _, dtype) => {
    const { rows, inner, cols } = p;
    const before: Counts = p.reverse ? gt : lt;
    const counts: Counts = p.exclusive ? before : p.reverse ? ge : le;
    const options = { stage: 'cumsum', dtype } as const;
    if (isBlocked(cols)) {
      const block = blockOf(cols);
      const count = cols / block;
      const X = input('X', [rows, count, block, ...Object.values(besides(p))], dtype);
      const blocks: Blocks = { rows, inner, count, block, at: (i, b, t, l) => cast('f32', X.at(i, b, t, ...own(l))) };
      const outside = sumsIn(totalsOf(blocks, 1), before, 1);
      const axes: Axes<'b' | 'j'> = { i: rows, b: count, j: block, ...besides(p) };
      const Y = accumulate('Y', axes, ({ i, b, j, l }) => insideBlock(blocks, counts, i, b, j, l), {
        ...options,
        finish: (sum, { i, b, l }) => add(sum, outside.at(i, b, l)),
      });
      return program([X], [Y]);
    }
    const X = input('X', [rows, cols, ...Object.values(besides(p))], dtype);
    const lines: Lines = { rows, inner, length: cols, at: (i, k, l) => cast('f32', X.at(i, k, ...own(l))) };
    const axes: Axes<'j'> = { i: rows, j: cols, ...besides(p) };
    if (cols > shortLine)
      return program([X], [sumsByBlocks(inBlocks(lines, 0), counts, before, axes, 0, { name: 'Y', ...options })]);
    const k = reductionAxis('k', cols);
    const sum = (i: Index, j: Index, l: Index | undefined): Reduction =>
      sumOver(select(counts(k, j), lines.at(i, k, l), 0), [k]);
    return program([X], [accumulate('Y', axes, ({ i, j, l }) => sum(i, j, l), options)]);
  },
  reference: (p, _, { X }) => {
    const known = new Map<number, Float64Array>();
    /** The sums of a line, which is counted through rows and inner elements. */
    const sumsOf = (line: number): Float64Array => {
      const found = known.get(line);
      if (found !== undefined) return found;
      const first = Math.floor(line / p.inner) * p.cols * p.inner + (line % p.inner);
      const sums = new Float64Array(p.cols);
      let total = 0;
      for (let step = 0; step < p.cols; step++) {
        const at = p.reverse ? p.cols - 1 - step : step;
        const element = X?.[first + at * p.inner] ?? Number.NaN;
        sums[at] = p.exclusive ? total : total + element;
        total += element;
      }
      known.set(line, sums);
      return sums;
    };
    return {
      Y: (flat) => {
        const row = Math.floor(flat / (p.cols * p.inner));
        return sumsOf(row * p.inner + (flat % p.inner))[Math.floor(flat / p.inner) % p.cols] ?? Number.NaN;
      },
    };
  },
  inputs: (p, _, __, sums) => ({ X: exactIntegers(sums, p.cols, 1) }),
  tolerance: () => exact,
  channels: (p) => {
    if (!isBlocked(p.cols)) return [p.inner === 1 ? 1 : 2];
    return p.inner === 1 ? [1, 2] : [3];
  },
});
