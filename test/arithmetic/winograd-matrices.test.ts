import { describe, expect, it } from 'vitest';
import {
  boundFactor,
  errorGrowth,
  isExactOnIntegers,
  type WinogradMatrices,
  winogradMatrices,
} from '../../src/arithmetic/winograd-matrices.ts';
import { createRandom } from '../../src/support/random.ts';

type Matrix = readonly (readonly number[])[];

const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, value, k) => sum + value * (b[k]?.[j] as number), 0)));
const transposed = (a: Matrix): number[][] => (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number));
/** A matrix around another: M X M^T. */
const around = (m: Matrix, x: Matrix): number[][] => times(times(m, x), transposed(m));

/** A tile of outputs from a window's data and its taps by Winograd's algorithm. */
function transformedTile({ filter, data, result }: WinogradMatrices, window: Matrix, taps: Matrix): number[][] {
  const [points, weights] = [around(data, window), around(filter, taps)];
  return around(
    result,
    points.map((row, i) => row.map((value, j) => value * (weights[i]?.[j] as number))),
  );
}

function directTile(outputs: number, window: Matrix, taps: Matrix): number[][] {
  const sum = (y: number, x: number): number =>
    taps.reduce((all, row, i) => all + row.reduce((r, tap, j) => r + tap * (window[y + i]?.[x + j] as number), 0), 0);
  return Array.from({ length: outputs }, (_, y) => Array.from({ length: outputs }, (__, x) => sum(y, x)));
}

const random = createRandom(5);
const integerMatrix = (size: number, step: number): number[][] =>
  Array.from({ length: size }, () => Array.from({ length: size }, () => step * (random.below(9) - 4)));

describe("the matrices of Winograd's algorithm", () => {
  it('are those of Lavin and Gray for two outputs of three taps, but for the signs of a row and its partner', () => {
    const { filter, data, result } = winogradMatrices(2, 3);
    expect(filter).toEqual([
      [1, 0, 0],
      [0.5, 0.5, 0.5],
      [0.5, -0.5, 0.5],
      [0, 0, 1],
    ]);
    expect(data).toEqual([
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, -1, 0, 1],
    ]);
    expect(result).toEqual([
      [1, 1, 1, 0],
      [0, 1, -1, 1],
    ]);
  });

  it('give exactly the direct convolution of integers for two outputs, and close to it for four', () => {
    for (let trial = 0; trial < 50; trial++) {
      for (const outputs of [2, 4]) {
        const [window, taps] = [integerMatrix(outputs + 2, 1), integerMatrix(3, 4)];
        const got = transformedTile(winogradMatrices(outputs, 3), window, taps).flat();
        const want = directTile(outputs, window, taps).flat();
        if (outputs === 2) expect(got).toEqual(want);
        else for (const [at, value] of want.entries()) expect(got[at]).toBeCloseTo(value, 10);
      }
    }
  });

  it('hold for any different points, and for other numbers of taps', () => {
    const matrices = winogradMatrices(3, 2, [0, 1, -1]);
    const [window, taps] = [integerMatrix(4, 1), integerMatrix(2, 1)];
    const got = transformedTile(matrices, window, taps).flat();
    for (const [at, value] of directTile(3, window, taps).flat().entries()) expect(got[at]).toBeCloseTo(value, 10);
  });

  it('transform integers without rounding for two outputs alone', () => {
    expect([2, 4].map((outputs) => isExactOnIntegers(winogradMatrices(outputs, 3)))).toEqual([true, false]);
  });

  it('make the error of four outputs grow a quarter as much as the points 0, 1, -1, 2 and -2 would', () => {
    expect(errorGrowth(winogradMatrices(2, 3)) ** 2).toBeCloseTo(5 / 3, 10);
    expect(errorGrowth(winogradMatrices(4, 3)) ** 2).toBeCloseTo(7.125, 10);
    expect(errorGrowth(winogradMatrices(4, 3, [0, 1, -1, 2, -2])) ** 2).toBeCloseTo(31.44, 2);
  });
});

describe('the bound on the error', () => {
  /** Root mean square errors of both ways over tiles of normal numbers, every operation rounded to f32. */
  function errorsOf(outputs: number, channels: number, tiles: number): { transformed: number; direct: number } {
    const matrices = winogradMatrices(outputs, 3);
    const normal = (): number => Array.from({ length: 12 }, () => random.unit()).reduce((a, b) => a + b, -6);
    const rounded = (m: Matrix, x: Matrix): number[][] =>
      m.map((row) =>
        (x[0] ?? []).map((_, j) =>
          row.reduce((sum, value, k) => Math.fround(sum + Math.fround(Math.fround(value) * (x[k]?.[j] as number))), 0),
        ),
      );
    const both = (m: Matrix, x: Matrix): number[][] => transposed(rounded(m, transposed(rounded(m, x))));
    let [transformed, direct] = [0, 0];
    for (let tile = 0; tile < tiles; tile++) {
      const size = outputs + 2;
      const sums = Array.from({ length: size }, () => new Array<number>(size).fill(0));
      const exact = new Array<number>(outputs ** 2).fill(0);
      const plain = [...exact];
      for (let channel = 0; channel < channels; channel++) {
        const numbers = (n: number): number[][] =>
          Array.from({ length: n }, () => Array.from({ length: n }, () => Math.fround(normal())));
        const [window, taps] = [numbers(size), numbers(3)];
        const [points, weights] = [both(matrices.data, window), both(matrices.filter, taps)];
        for (const [i, row] of sums.entries())
          for (const j of row.keys())
            row[j] = Math.fround(
              (row[j] as number) + Math.fround((points[i]?.[j] as number) * (weights[i]?.[j] as number)),
            );
        for (const at of exact.keys())
          for (const [i, row] of taps.entries())
            for (const [j, tap] of row.entries()) {
              const product = tap * (window[Math.floor(at / outputs) + i]?.[(at % outputs) + j] as number);
              exact[at] = (exact[at] as number) + product;
              plain[at] = Math.fround((plain[at] as number) + Math.fround(product));
            }
      }
      const results = both(matrices.result, sums).flat();
      for (const [at, value] of exact.entries()) {
        transformed += ((results[at] as number) - value) ** 2;
        direct += ((plain[at] as number) - value) ** 2;
      }
    }
    const count = tiles * outputs ** 2;
    return { transformed: Math.sqrt(transformed / count), direct: Math.sqrt(direct / count) };
  }

  it.each([
    [2, 4],
    [2, 64],
    [4, 4],
    [4, 64],
  ])('is eight times the error of %i outputs and %i channels of normal numbers, at least', (outputs, channels) => {
    const { transformed } = errorsOf(outputs, channels, 60);
    // Sums of n terms of variance 1 are allowed 8 * 2^-24 * sqrt(n) * sqrt(n), which is some twenty times their error.
    const allowed = 8 * 2 ** -24 * 9 * channels * boundFactor(winogradMatrices(outputs, 3), channels);
    expect(transformed).toBeLessThan(allowed / 8);
  });

  it('is near that of the direct sum where there are many channels', () => {
    expect(boundFactor(winogradMatrices(2, 3), 64)).toBeLessThan(1);
    expect(boundFactor(winogradMatrices(4, 3), 64)).toBeCloseTo(2.78, 2);
    expect(boundFactor(winogradMatrices(4, 3), 512)).toBeCloseTo(2.43, 2);
    expect(boundFactor(winogradMatrices(4, 3), 8)).toBeGreaterThan(4);
  });
});
