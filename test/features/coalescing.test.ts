import { describe, expect, it } from 'vitest';
import {
  bankConflict,
  linesTouched,
  neighbours,
  neighboursAlongX,
  neighboursAlongY,
} from '../../src/features/coalescing.ts';
import { fusedBox } from '../../src/space/tiling.ts';

const sizes = [1, 2, 4, 8, 32];

/** Every first byte of `nx` by `ny` neighbours. */
function addresses(nx: number, dx: number, ny: number, dy: number): number[] {
  return Array.from({ length: nx * ny }, (_, at) => (at % nx) * dx + Math.floor(at / nx) * dy);
}

describe('lines touched', () => {
  // Rows that overlap in part count as separate rows; kernels as people write them have none.
  const distances = [
    [4, 0],
    [4, 128],
    [4, 4096],
    [16, 0],
    [16, 512],
    [0, 4],
    [0, 0],
    [64, 4096],
    [256, 0],
    [4096, 0],
    [4096, 16_384 * 8],
  ] as const;
  it.each(distances)('are those of the bytes one by one: %i bytes apart in x, %i in y', (dx, dy) => {
    for (const nx of sizes) {
      for (const ny of sizes.filter((size) => size * nx <= 32)) {
        for (const width of [4, 16]) {
          for (const line of [32, 64]) {
            const touched = new Set(
              addresses(nx, dx, ny, dy).flatMap((address) =>
                Array.from({ length: width }, (_, byte) => Math.floor((address + byte) / line)),
              ),
            );
            // A row that ends within the line in which the next one begins shares it.
            expect(linesTouched(nx, dx, ny, dy, width, line), `${nx} by ${ny}, ${width} of ${line}`).toBe(touched.size);
          }
        }
      }
    }
  });
  it('are missing while an input is', () => {
    expect(linesTouched(8, Number.NaN, 1, 0, 4, 64)).toBeNaN();
  });
});

describe('a bank conflict', () => {
  it.each([
    ['neighbours in a row', [32, 1, 1, 0, 1], 1],
    ['one word for all', [32, 0, 1, 0, 1], 1],
    ['every other word', [32, 2, 1, 0, 1], 2],
    ['a column of a tile of 32 words', [32, 32, 1, 0, 1], 32],
    ['the same with a word of padding after each row', [32, 33, 1, 0, 1], 1],
    ['vectors of four next to each other', [32, 4, 1, 0, 4], 1],
    ['eight in x and four rows of 32 words', [8, 1, 4, 32, 1], 4],
    ['eight in x and four rows of 40 words', [8, 1, 4, 40, 1], 1],
  ] as const)('of %s', (_, [nx, dx, ny, dy, width], factor) => {
    expect(bankConflict(nx, dx, ny, dy, width)).toBe(factor);
  });
  it('is missing while an input is', () => {
    expect(bankConflict(32, Number.NaN, 1, 0, 1)).toBeNaN();
    expect(bankConflict(Number.NaN, 1, 1, 0, 1)).toBeNaN();
  });
});

it('neighbours go along x first', () => {
  for (const [x, y] of [
    [64, 4],
    [32, 8],
    [8, 8],
    [8, 2],
    [1, 64],
    [12, 8],
  ] as const) {
    const nx = neighboursAlongX(x);
    const ny = neighboursAlongY(x, y);
    expect(nx).toBe(Math.min(neighbours, x));
    expect(nx * ny).toBeLessThanOrEqual(neighbours);
    expect(ny).toBe(Math.min(y, Math.max(1, Math.floor(neighbours / nx))));
  }
});

it('a box of a fused loop holds all that as many iterations from its beginning run through', () => {
  const extents = [3, 4, 5];
  for (let size = 1; size <= 60; size++) {
    const box = fusedBox(extents, size);
    const touched = Array.from({ length: size }, (_, n) => [Math.floor(n / 20), Math.floor(n / 5) % 4, n % 5] as const);
    expect(box, `${size}`).toEqual([0, 1, 2].map((i) => new Set(touched.map((point) => point[i])).size));
  }
});
