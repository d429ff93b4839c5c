import { accumulate } from './accumulate.ts';
import { axisAttributes, innerParameter, writeOutAxis } from './along-axis.ts';
import { defineOperator, dimension, option } from './define.ts';
import type { Condition, Index, Reduction, Value } from './definition.ts';
import { add, and, cast, floorDiv, ge, gt, le, lt, mul, reductionAxis, select, sumOver } from './expression.ts';
import { exact, exactIntegers } from './fill.ts';
import { compute, input, program } from './tensor.ts';

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

/** Lines of numbers side by side; `at` is element k of line (i, l), in f32. */
interface Lines {
  readonly rows: number;
  readonly length: number;
  readonly inner: number;
  readonly at: (i: Index, k: Index, l: Index | undefined) => Value;
}
/** Whether element k belongs to the sum at a place. */
type Counts = (k: Index, place: Index) => Condition;
type Axes<K extends string> = { readonly [A in K | 'i']: number } & { readonly l?: number };

const besides = ({ inner }: { readonly inner: number }): { readonly l?: number } => (inner === 1 ? {} : { l: inner });
const own = (l: Index | undefined): readonly Index[] => (l === undefined ? [] : [l]);
const isCut = (length: number): boolean => length % blockOf(length) !== 0;

/** The sum of each block of a line. */
function totalsOf(lines: Lines, level: number): Lines {
  const block = blockOf(lines.length);
  const length = Math.ceil(lines.length / block);
  const axes: Axes<'b'> = { i: lines.rows, b: length, ...besides(lines) };
  const totals = compute(
    `totals${level}`,
    axes,
    ({ i, b, l }) => {
      const t = reductionAxis('t', block);
      const k = add(mul(b, block), t);
      const element = lines.at(i, k, l);
      return sumOver(isCut(lines.length) ? select(lt(k, lines.length), element, 0) : element, [t]);
    },
    { stage: `sum_blocks${level}` },
  );
  return { ...lines, length, at: (i, k, l) => totals.at(i, k, ...own(l)) };
}

/** The sum at a place of those elements of its own block that count. */
function insideBlock(lines: Lines, counts: Counts, i: Index, j: Index, l: Index | undefined): Reduction {
  const block = blockOf(lines.length);
  const t = reductionAxis('t', block);
  const k = add(mul(floorDiv(j, block), block), t);
  const included = isCut(lines.length) ? and(counts(k, j), lt(k, lines.length)) : counts(k, j);
  return sumOver(select(included, lines.at(i, k, l), 0), [t]);
}

/** The sum, at each place of a line, of all that counts; of long lines in blocks, block by block as well as inside of each. */
function sumsIn(lines: Lines, counts: Counts, level: number): Lines {
  const axes: Axes<'j'> = { i: lines.rows, j: lines.length, ...besides(lines) };
  const [name, stage] = [`before${level}`, `sum_before${level}`];
  const k = reductionAxis('k', lines.length);
  const outside = lines.length > fewBlocks ? sumsIn(totalsOf(lines, level + 1), counts, level + 1) : null;
  const sums =
    outside === null
      ? compute(name, axes, ({ i, j, l }) => sumOver(select(counts(k, j), lines.at(i, k, l), 0), [k]), { stage })
      : accumulate(name, axes, ({ i, j, l }) => insideBlock(lines, counts, i, j, l), {
          stage,
          dtype: 'f32',
          finish: (sum, { i, j, l }) => add(sum, outside.at(i, floorDiv(j, blockOf(lines.length)), l)),
        });
  return { ...lines, at: (i, j, l) => sums.at(i, j, ...own(l)) };
}

/** Whether Y is declared in blocks, so that no index has to be divided. */
const isBlocked = (cols: number): boolean => cols > shortLine && !isCut(cols);

/**
 * Y[i, j, l] = sum of X[i, k, l] over k <= j. The IR has no scans; so a line of up to 64 elements is n reductions, n * n / 2 additions. A
 * longer one is cut into blocks of at most 32: the blocks are summed, then what lies in front of each (again in blocks where there are many),
 * then the places inside of each block. That is some 32 additions and two reads of memory per element, where a scan does one or two of
 * each, in three kernels (five from some 8,192 elements on).
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
    const X = input('X', [p.rows, p.cols, ...Object.values(besides(p))], dtype);
    const { rows, inner } = p;
    const lines: Lines = { rows, inner, length: p.cols, at: (i, k, l) => cast('f32', X.at(i, k, ...own(l))) };
    const before: Counts = p.reverse ? gt : lt;
    const counts: Counts = p.exclusive ? before : p.reverse ? ge : le;
    const flat: Axes<'j'> = { i: rows, j: p.cols, ...besides(p) };
    const options = { stage: 'cumsum', dtype } as const;
    if (p.cols <= shortLine) {
      const k = reductionAxis('k', p.cols);
      const sum = (i: Index, j: Index, l: Index | undefined): Reduction =>
        sumOver(select(counts(k, j), lines.at(i, k, l), 0), [k]);
      return program([X], [accumulate('Y', flat, ({ i, j, l }) => sum(i, j, l), options)]);
    }
    const block = blockOf(p.cols);
    const outside = sumsIn(totalsOf(lines, 1), before, 1);
    if (isCut(p.cols)) {
      const Y = accumulate('Y', flat, ({ i, j, l }) => insideBlock(lines, counts, i, j, l), {
        ...options,
        finish: (sum, { i, j, l }) => add(sum, outside.at(i, floorDiv(j, block), l)),
      });
      return program([X], [Y]);
    }
    const axes: Axes<'b' | 'j'> = { i: rows, b: p.cols / block, j: block, ...besides(p) };
    const t = reductionAxis('t', block);
    const Y = accumulate(
      'Y',
      axes,
      ({ i, b, j, l }) => sumOver(select(counts(t, j), lines.at(i, add(mul(b, block), t), l), 0), [t]),
      { ...options, finish: (sum, { i, b, l }) => add(sum, outside.at(i, b, l)) },
    );
    return program([X], [Y]);
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
