/**
 * The matrices of a minimal filtering algorithm F(m, r): m neighbouring outputs of a filter with r taps from m + r - 1 products,
 *     y = A^T ((G g) * (B^T d)),
 * with g the taps, d the m + r - 1 elements under the windows, and * element by element. For images the algorithm is applied along both axes.
 */
export interface WinogradMatrices {
  readonly outputs: number;
  readonly taps: number;
  /** G: one row per product, one column per tap. */
  readonly filter: readonly (readonly number[])[];
  /** B^T: one row per product, one column per element. */
  readonly data: readonly (readonly number[])[];
  /** A^T: one row per output, one column per product. */
  readonly result: readonly (readonly number[])[];
}

/**
 * Points at which the polynomials are evaluated, beside infinity. 0 and 1 and -1 give the matrices of Lavin and Gray (2016). For four outputs,
 * points whose product is 1 keep the entries of all three matrices near each other: the error is a quarter of that of 0, +-1 and +-2 (see
 * errorGrowth; Barabasz and others, 2020, search for such points).
 */
const pointsFor: Readonly<Record<number, readonly number[]>> = {
  2: [0, 1, -1],
  4: [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2],
};

/** Coefficients, lowest degree first, of the product of (x - root). */
function polynomialOf(roots: readonly number[]): number[] {
  let poly = [1];
  for (const root of roots) poly = [0, ...poly].map((below, d) => below - root * (poly[d] ?? 0));
  return poly;
}

/** What square roots leave of a number with a short binary form: 1.0000000000000002 is 1. */
const mended = (value: number): number => {
  const near = Math.round(value * 2 ** 20) / 2 ** 20;
  return (Math.abs(near - value) < 2 ** -40 ? near : value) + 0;
};

/** The algorithm of Toom and Cook as Winograd turned it, for `outputs` outputs of `taps` taps. */
export function winogradMatrices(
  outputs: number,
  taps: number,
  points: readonly number[] = pointsFor[outputs] as readonly number[],
): WinogradMatrices {
  const size = outputs + taps - 1;
  const rows = points.map((point, i) => {
    const others = points.filter((_, l) => l !== i);
    const scale = others.reduce((all, other) => all * (point - other), 1);
    const sign = Math.sign(scale);
    const powers = Array.from({ length: taps }, (_, j) => point ** j / Math.abs(scale));
    return { powers, poly: [...polynomialOf(others), 0].map((coefficient) => sign * coefficient) };
  });
  const last = (length: number): number[] => Array.from({ length }, (_, j) => (j === length - 1 ? 1 : 0));
  const clean = (matrix: readonly (readonly number[])[]): number[][] => matrix.map((row) => row.map(mended));
  return {
    outputs,
    taps,
    filter: clean([...rows.map(({ powers }) => powers), last(taps)]),
    data: clean([...rows.map(({ poly }) => poly), polynomialOf(points)]),
    result: clean(
      Array.from({ length: outputs }, (_, k) =>
        Array.from({ length: size }, (_, i) =>
          i < points.length ? (points[i] as number) ** k : k === outputs - 1 ? 1 : 0,
        ),
      ),
    ),
  };
}

/**
 * How many times as large the terms are that a result is made of as those of the direct sum, in the root of the mean square over taps and
 * elements of random signs, in one dimension: sqrt(max over outputs o of (sum over products i of A_oi^2 |G_i|^2 |B_i|^2) / r). For an image
 * it is the square of that.
 */
export function errorGrowth({ filter, data, result, taps }: WinogradMatrices): number {
  const squares = (row: readonly number[]): number => row.reduce((sum, value) => sum + value * value, 0);
  const sizes = filter.map((row, i) => squares(row) * squares(data[i] as readonly number[]));
  const grown = result.map((row) => row.reduce((sum, value, i) => sum + value * value * (sizes[i] as number), 0));
  return Math.sqrt(Math.max(...grown) / taps);
}

/** Roundings of a transform's elements count like so many terms of a sum, for each product of one direction. */
const termsOfTransform = 4;

/**
 * How many times as large the bound on the error of an image's results is as that of the direct sum over taps^2 * channels terms. With random
 * signs the error of n terms grows like sqrt(n) times the root of their sum of squares (layer-bound.ts): here the terms are errorGrowth^2 times
 * as large, and there is one per channel, beside those of the transforms.
 */
export function boundFactor(matrices: WinogradMatrices, channels: number): number {
  const { taps, filter } = matrices;
  const terms = channels + termsOfTransform * filter.length;
  return errorGrowth(matrices) ** 2 * Math.sqrt(terms / (taps * taps * channels));
}

/** Whether all entries are multiples of a small power of two, so that integers are transformed without any rounding. */
export function isExactOnIntegers({ filter, data, result }: WinogradMatrices): boolean {
  return [filter, data, result].flat(2).every((entry) => Number.isInteger(entry * 2 ** 6));
}
