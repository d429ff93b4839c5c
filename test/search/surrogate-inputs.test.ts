import { expect, it } from 'vitest';
import { surrogateInputsOf } from '../../src/search/scoring/surrogate-inputs.ts';
import type { SearchDecision, SearchSketch, SearchSpace } from '../../src/search/strategy.ts';

const sketch = (name: string, decisions: readonly Pick<SearchDecision, 'name' | 'options'>[]): SearchSketch => ({
  name,
  decisions: decisions.map((decision) => ({ doc: '', ...decision })),
  createPruner: () => ({ check: () => null }),
  createExtractor: () => ({ extract: () => {} }),
});
const spaceOf = (...sketches: SearchSketch[]): SearchSpace => ({ sketches, columns: 1 });

it('inputs are the open decisions, their products, and whether sizes are powers of two where some are', () => {
  const space = spaceOf(
    sketch('one', [
      { name: 'x', options: [16, 32, 48, 64] },
      { name: 'y', options: [1, 2, 4] },
      { name: 'staged', options: [0, 1] },
      { name: 'fixed', options: [7] },
    ]),
  );
  const { dimensions, levelsOf } = surrogateInputsOf(space);
  expect(dimensions.map(({ name, levels, derived }) => [name, levels, derived])).toEqual([
    ['x', 4, false],
    ['y', 3, false],
    ['staged', 2, false],
    ['x is a power of two', 2, true],
    ['x * y', 8, true],
  ]);
  const levels = (x: number, y: number, staged: number): number[] => [
    ...levelsOf({ sketch: 0, values: [x, y, staged, 7] }),
  ];
  expect(levels(48, 2, 1)).toEqual([2, 1, 1, 0, 4]);
  // 32 * 2 and 64 * 1 are the same product.
  expect(levels(64, 1, 0)[4]).toBe(levels(32, 2, 0)[4]);
  expect(levels(64, 1, 0)[3]).toBe(1);
  expect(surrogateInputsOf(space, { products: false, powers: false }).dimensions).toHaveLength(3);
});

it('powers of two are an input only where they tell sizes apart', () => {
  const named = (options: readonly number[]): string[] =>
    surrogateInputsOf(spaceOf(sketch('one', [{ name: 'x', options }]))).dimensions.map(({ name }) => name);
  expect(named([1, 2, 4, 8])).toEqual(['x']);
  expect(named([2, 7, 14])).toEqual(['x']);
  expect(named([2, 4, 7, 14])).toEqual(['x', 'x is a power of two']);
});

it('the sketch is an input, and a decision that a sketch lacks has a level of its own there', () => {
  const space = spaceOf(sketch('one', [{ name: 'x', options: [1, 2] }]), sketch('two', []));
  const { dimensions, levelsOf } = surrogateInputsOf(space);
  expect(dimensions.map(({ name, levels }) => [name, levels])).toEqual([
    ['sketch', 2],
    ['x', 3],
  ]);
  expect([...levelsOf({ sketch: 1, values: [] })]).toEqual([1, 2]);
});
