import { describe, expect, it } from 'vitest';
import { expectSameMeaning } from './equality.ts';
import { elementwise, fusedConv, naiveMatmul, rowReduction, type Tiling, tiledMatmul } from './programs.ts';

const tiling: Tiling = { ty: 4, tx: 4, ry: 2, rx: 4, tk: 8, width: 4 };

describe('a lowered program executed lane by lane equals its meaning', () => {
  it.each([
    [16, 16, 16],
    [19, 7, 5],
    [1, 1, 1],
    [8, 33, 3],
  ])('naive matmul %i x %i x %i', (m, n, k) => {
    expectSameMeaning(naiveMatmul(m, n, k));
  });

  it('naive matmul in f16 with an f32 accumulator', () => {
    expectSameMeaning(naiveMatmul(9, 10, 11, 8, 'f16'));
  });

  it.each([
    [16, 32, 16],
    [17, 19, 13],
    [36, 44, 20],
    [1, 5, 3],
    [8, 16, 7],
  ])('tiled matmul %i x %i x %i', (m, n, k) => {
    expectSameMeaning(tiledMatmul(m, n, k, tiling));
  });

  it.each([
    { ...tiling, width: 2 },
    { ...tiling, ry: 1, rx: 4, tk: 4 },
    { ...tiling, ty: 2, tx: 8, tk: 4 },
    { ...tiling, padding: 1 },
    { ...tiling, padding: 4 },
    { ...tiling, ty: 5, tx: 3 },
  ])('tiled matmul with tiling %o', (other) => {
    expectSameMeaning(tiledMatmul(20, 24, 16, other));
    expectSameMeaning(tiledMatmul(21, 23, 17, other));
  });

  it('a strided convolution with padding and a fused reduction', () => {
    expectSameMeaning(fusedConv());
  });

  it.each([
    [5, 200, 64, 'sum'],
    [3, 64, 64, 'max'],
    [2, 50, 64, 'sum'],
    [2, 17, 16, 'min'],
    [1, 1, 8, 'max'],
  ] as const)('reduction of %i rows of %i by %i lanes (%s)', (rows, columns, lanes, op) => {
    expectSameMeaning(rowReduction(rows, columns, lanes, op));
  });

  it.each([
    [1024, 4, 'f32'],
    [1000, 4, 'f32'],
    [999, 4, 'f16'],
    [130, 2, 'f32'],
    [192, 3, 'f32'],
    [7, 3, 'f32'],
  ] as const)('elementwise over %i by %i in %s', (n, width, dtype) => {
    expectSameMeaning(elementwise(n, width, dtype));
  });

  it('a copy by more lanes than its tile has elements takes no more memory than the tile', () => {
    const many = expectSameMeaning(tiledMatmul(24, 24, 24, { ...tiling, ty: 8, tx: 8, ry: 1, tk: 4 })).kernels[0];
    const sizes = many?.shared.map(({ name, element, length }) => [name, length * element.width]);
    expect(sizes).toEqual([
      ['A_shared', 8 * 4],
      ['B_shared', 4 * 32],
    ]);
  });

  it('an interior tile needs no select, no branch, and no clamp except that of its workgroup to the grid', () => {
    const body = expectSameMeaning(tiledMatmul(16, 32, 16, tiling)).kernels[0]?.body ?? [];
    const grid = body.filter((stmt) => stmt.kind === 'let' && stmt.name.startsWith('wg_'));
    expect(grid.length).toBeLessThanOrEqual(2);
    const rest = body.filter((stmt) => !grid.includes(stmt));
    expect(/"kind":"(select|if)"|"op":"min"/.exec(JSON.stringify(rest))).toBeNull();
  });
});
