import { describe, expect, test } from 'vitest';
import { type Ranges, rangeOfExtent } from '../../src/arithmetic/bounds.ts';
import { simplify } from '../../src/arithmetic/simplify.ts';
import { float, load, mul, variable } from '../../src/ir/builders.ts';
import { printExpr } from '../../src/ir/printer.ts';
import { parseIndex } from '../support/parse-index.ts';

type Case = readonly [from: string, to: string, extents: Readonly<Record<string, number>>];

function rangesOf(extents: Readonly<Record<string, number>>): Ranges {
  return new Map(Object.entries(extents).map(([name, extent]) => [name, rangeOfExtent(extent)]));
}

const groups: Readonly<Record<string, readonly Case[]>> = {
  'a split loop divided again': [
    ['(i_0*16 + i_1) / 16', 'i_0', { i_0: 8, i_1: 16 }],
    ['(i_0*16 + i_1) % 16', 'i_1', { i_0: 8, i_1: 16 }],
    ['(i_0*16 + i_1) / 4', 'i_0 * 4 + i_1 / 4', { i_0: 8, i_1: 16 }],
    ['(i_0*16 + i_1) % 4', 'i_1 % 4', { i_0: 8, i_1: 16 }],
    ['(i_0*16 + i_1*4 + i_2) / 4', 'i_0 * 4 + i_1', { i_0: 3, i_1: 4, i_2: 4 }],
    ['(i_0*16 + i_1*4 + i_2) / 16', 'i_0', { i_0: 3, i_1: 4, i_2: 4 }],
    ['(i_0*16 + i_1*4 + i_2) % 16 / 4', 'i_1', { i_0: 3, i_1: 4, i_2: 4 }],
    ['(i_0*4 + i_1) / 16', 'i_0 / 4', { i_0: 64, i_1: 4 }],
    ['(i_0*4 + i_1) % 16', 'i_0 % 4 * 4 + i_1', { i_0: 64, i_1: 4 }],
  ],
  'factors that are no powers of two': [
    ['(i_0*7 + i_1) / 7', 'i_0', { i_0: 5, i_1: 7 }],
    ['(i_0*7 + i_1) % 7', 'i_1', { i_0: 5, i_1: 7 }],
    ['(i_0*21 + i_1) / 7', 'i_0 * 3 + i_1 / 7', { i_0: 5, i_1: 21 }],
    ['(i_0*6 + i_1*3) / 9', '(i_0 * 2 + i_1) / 3', { i_0: 5, i_1: 2 }],
    ['(i_0*6 + i_1*3 + 2) % 9', '(i_0 * 2 + i_1) % 3 * 3 + 2', { i_0: 5, i_1: 2 }],
    ['(i_0*5 + i_1) / 3', '(i_0 * 5 + i_1) / 3', { i_0: 5, i_1: 5 }],
  ],
  'a fused loop taken apart and put together': [
    ['f / 6 * 6 + f % 6', 'f', { f: 42 }],
    ['(f / 6 * 6 + f % 6) / 3', 'f / 3', { f: 42 }],
    ['f / 30 * 30 + f / 5 % 6 * 5 + f % 5', 'f', { f: 120 }],
    ['f / 6 * 12 + f % 6 * 2 + 1', 'f * 2 + 1', { f: 42 }],
    ['f / 6 % 7', 'f / 6', { f: 42 }],
    ['f / 6 / 7', '0', { f: 42 }],
    ['f / 4 / 3', 'f / 12', { f: 1000 }],
    ['f % 12 % 4', 'f % 4', { f: 1000 }],
    ['f % 12 / 4 * 4 + f % 4', 'f % 12', { f: 1000 }],
    ['f % 8 / 4 * 12 + f % 4 * 3', 'f % 8 * 3', { f: 1000 }],
    ['(r*4 + l) / 6 * 6 + (r*2 + l/2) % 3 * 2 + l % 2', 'r * 4 + l', { r: 9, l: 4 }],
    ['(r*2 + l/2) % 3 * 2 + l % 2', '(r * 4 + l) % 6', { r: 9, l: 4 }],
    ['(r*4 + l%4) / 6 * 24 + (r*2 + l%4/2) % 3 * 8 + l%2*4', 'r * 16 + l % 4 * 4', { r: 9, l: 8 }],
    ['(f_0*32 + f_1) / 8', 'f_0 * 4 + f_1 / 8', { f_0: 4, f_1: 32 }],
    ['(f_0*32 + f_1) % 8', 'f_1 % 8', { f_0: 4, f_1: 32 }],
    ['(f_0*32 + f_1) / 8 * 8 + (f_0*32 + f_1) % 8', 'f_0 * 32 + f_1', { f_0: 4, f_1: 32 }],
  ],
  'constants, padding and loops of one iteration': [
    ['i + 3 - 3', 'i', { i: 9 }],
    ['i * 0 + 4', '4', { i: 9 }],
    ['i - i', '0', { i: 9 }],
    ['0 - i + 8 + i * 2', 'i + 8', { i: 9 }],
    ['(i + 16) / 16', '1', { i: 16 }],
    ['(i - 16) / 16', '-1', { i: 16 }],
    ['(i - 16) % 16', 'i', { i: 16 }],
    ['i % 1 + i / 1', 'i', { i: 9 }],
    // Which loop drives an index stays visible, even where it runs once.
    ['i * 16 + o', 'i * 16 + o', { i: 1, o: 16 }],
    ['8 - i', '8 - i', { i: 9 }],
  ],
  'conditions that the loops decide': [
    ['i_0*16 + i_1 < 128', '1', { i_0: 8, i_1: 16 }],
    ['i_0*16 + i_1 < 127', 'i_0 * 16 + i_1 < 127', { i_0: 8, i_1: 16 }],
    ['i_0*16 + i_1 >= 0 && i_0 < 4', 'i_0 < 4', { i_0: 8, i_1: 16 }],
    ['i_0 < 0 || i_0 > 2', 'i_0 > 2', { i_0: 8 }],
    ['i < i + 1', '1', { i: 9 }],
    ['i == i + 1', '0', { i: 9 }],
    ['select(i < 9, i, 100)', 'i', { i: 9 }],
    ['select(i < 0, 100, i + 1)', 'i + 1', { i: 9 }],
    ['min(i, 8)', 'i', { i: 9 }],
    ['max(i, 8)', '8', { i: 9 }],
    ['min(i * 4 + 4, i * 4 + 7)', 'i * 4 + 4', { i: 9 }],
  ],
};

for (const [title, cases] of Object.entries(groups)) {
  describe(title, () => {
    test.each(cases)('%s is %s', (from, to, extents) => {
      expect(printExpr(simplify(parseIndex(from), rangesOf(extents)))).toBe(to);
    });
  });
}

test('float arithmetic keeps its order; indices inside a load are simplified', () => {
  const value = mul(load('A', [parseIndex('i / 6 * 6 + i % 6')]), float(0));
  expect(printExpr(simplify(value, rangesOf({ i: 30 })))).toBe('A[i] * 0.0');
});

test('a variable without bounds is left alone', () => {
  expect(printExpr(simplify(parseIndex('(i*16 + j) / 16'), new Map()))).toBe('i + j / 16');
  expect(printExpr(simplify(variable('i'), new Map()))).toBe('i');
});
