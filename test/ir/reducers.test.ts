import { describe, expect, test } from 'vitest';
import { forLoop, load, variable } from '../../src/ir/builders.ts';
import type { DType, Program, ReduceOp } from '../../src/ir/nodes.ts';
import { printProgram } from '../../src/ir/printer.ts';
import { reducers } from '../../src/ir/reducers.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { createRandom } from '../../src/support/random.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { reducedRows, reduceOps, rowResults } from '../support/tuples.ts';

/** Two tuples combined by the interpreter: the reduction over k of A[k, i], written to R_i. */
function combined(op: ReduceOp, tuples: readonly (readonly number[])[], dtype: DType = 'f32'): number[] {
  const { arity } = reducers[op];
  const parts = Array.from({ length: arity }, (_, i) => ({ part: `P${i}`, result: `R${i}` }));
  const program: Program = {
    inputs: parts.map(({ part }) => part),
    outputs: parts.map(({ result }) => result),
    buffers: parts.flatMap(({ part, result }) => [
      { name: part, dtype, shape: [tuples.length], scope: 'storage' as const },
      { name: result, dtype, shape: [1], scope: 'storage' as const },
    ]),
    body: [
      forLoop('k', tuples.length, {
        kind: 'block',
        name: 'join',
        iters: [
          { name: 'one', extent: 1, type: 'spatial', binding: { kind: 'int', value: 0 } },
          { name: 'vk', extent: tuples.length, type: 'reduction', binding: variable('k') },
        ],
        predicate: [],
        writes: parts.map(({ part, result }) => ({
          buffer: result,
          indices: [variable('one')],
          value: load(part, [variable('vk')]),
        })),
        reducer: { op, initialises: true },
      }),
    ],
  };
  expect(checkSpec(program)).toBe(null);
  const inputs = Object.fromEntries(
    parts.map(({ part }, i) => [part, Float64Array.from(tuples, (t) => t[i] as number)]),
  );
  const values = interpret(program, inputs);
  return parts.map(({ result }) => values[result]?.[0] ?? Number.NaN);
}

/** A tuple as a reduction of a few elements leaves it. */
function partial(op: ReduceOp, random: ReturnType<typeof createRandom>): number[] {
  const row = Array.from({ length: 1 + random.below(4) }, () => random.below(9) - 4);
  return rowResults(op, row);
}

const near = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((value, i) => {
    const other = b[i] as number;
    return Object.is(value, other) || Math.abs(value - other) <= 1e-9 * (1 + Math.abs(value));
  });

describe.each(reduceOps)('%s', (op) => {
  test('computes for every row what it says', () => {
    const random = createRandom(5);
    const [rows, cols] = [3, 11];
    const X = Float64Array.from({ length: rows * cols }, () => random.below(7) - 3);
    const program = reducedRows(op, rows, cols);
    expect(checkSpec(program)).toBe(null);
    const values = interpret(program, { X });
    for (let i = 0; i < rows; i++) {
      const expected = rowResults(op, [...X.subarray(i * cols, (i + 1) * cols)]);
      const got = expected.map((_, part) => values[`R${part}`]?.[i] ?? Number.NaN);
      expect(near(got, expected), `row ${i}: ${got} for ${expected}`).toBe(true);
    }
  });

  test('is associative, commutative, and its identity is neutral on either side, also to itself', () => {
    const random = createRandom(7);
    const identity = reducers[op].identity(Array.from({ length: reducers[op].arity }, () => 'f32')).map((e) => e.value);
    expect(identity.some(Number.isNaN)).toBe(false);
    expect(combined(op, [identity, identity])).toEqual(identity);
    for (let i = 0; i < 20; i++) {
      const [a, b, c] = [partial(op, random), partial(op, random), partial(op, random)];
      expect(near(combined(op, [a, identity]), a)).toBe(true);
      expect(near(combined(op, [identity, a]), a)).toBe(true);
      expect(near(combined(op, [a, b]), combined(op, [b, a]))).toBe(true);
      expect(near(combined(op, [combined(op, [a, b]), c]), combined(op, [a, combined(op, [b, c])]))).toBe(true);
    }
  });
});

test('the smallest position wins a tie, and the lowest number wins against the identity', () => {
  expect(
    combined('argmax', [
      [2, 5],
      [2, 3],
      [2, 9],
    ]),
  ).toEqual([2, 3]);
  expect(
    combined('argmin', [
      [2, 5],
      [2, 3],
      [7, 0],
    ]),
  ).toEqual([2, 3]);
  expect(
    combined(
      'argmax',
      [
        [-65504, 4],
        [-65504, 1],
      ],
      'f16',
    ),
  ).toEqual([-65504, 1]);
});

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
/** Elements with their positions, combined from the front, from the back, and in two halves. */
function everyWay(op: ReduceOp, tuples: readonly (readonly number[])[]): number[][] {
  const half = Math.ceil(tuples.length / 2);
  const [front, back] = [combined(op, tuples.slice(0, half)), combined(op, tuples.slice(half))];
  return [combined(op, tuples), combined(op, tuples.toReversed()), combined(op, [front, back])];
}
const rowOf = (row: readonly number[]): number[][] => row.map((value, at) => [value, at]);

test.each([
  ['max', [-inf, -inf], [-inf]],
  ['max', [1, nan, inf], [nan]],
  ['max', [nan, 1], [nan]],
  ['min', [inf, inf], [inf]],
  ['min', [-inf, nan, 2], [nan]],
  ['argmax', [-inf, -inf, -inf], [-inf, 0]],
  ['argmax', [3, nan, inf, nan], [nan, 1]],
  ['argmax', [nan, nan], [nan, 0]],
  ['argmax', [-inf, 2, inf, inf], [inf, 2]],
  ['argmin', [inf, inf], [inf, 0]],
  ['argmin', [-inf, 4, nan], [nan, 2]],
] as const)('%s of %o is %o however it is combined', (op, row, expected) => {
  const tuples = rowOf(row).map((tuple) => tuple.slice(0, expected.length));
  for (const got of everyWay(op, tuples)) expect(got).toEqual(expected);
});

test('in f16, too, an extreme of infinities is infinite', () => {
  expect(combined('max', [[-inf], [-inf]], 'f16')).toEqual([-inf]);
  expect(
    combined(
      'argmin',
      [
        [inf, 3],
        [inf, 1],
      ],
      'f16',
    ),
  ).toEqual([inf, 1]);
});

test.each([
  // Masked elements add nothing, also where they come first.
  [
    [-inf, 0, -inf, 0],
    [0, 2],
  ],
  [
    [-inf, -inf],
    [-inf, 0],
  ],
] as const)('the online maximum and sum of %o are %o', (row, expected) => {
  for (const got of everyWay(
    'onlineSoftmax',
    row.map((value) => [value, 1]),
  ))
    expect(got).toEqual(expected);
});

test.each([
  [[nan, 1, 2], nan],
  [[1, nan, -inf, 300], nan],
  [[1, inf, 2], inf],
  [[nan, inf], nan],
  [[-inf, nan], nan],
  [[-inf, -inf], -inf],
] as const)('the online maximum of %o, which is asked for by itself, is %d', (row, expected) => {
  for (const [largest] of everyWay(
    'onlineLogSumExp',
    row.map((value) => [value, 1]),
  ))
    expect(largest).toBe(expected);
});

test.each([[[nan, 1, 2]], [[1, nan, -inf, 300]], [[1, inf, 2]]])(
  'the online sum of %o shows that the row is broken',
  (row) => {
    for (const [, sum = 0] of everyWay(
      'onlineSoftmax',
      row.map((value) => [value, 1]),
    ))
      expect(sum > 0 && sum < inf).toBe(false);
  },
);

test.each([[[nan, 1, 2]], [[1, 2, nan, 3]], [[1, inf, 2, 3]], [[-inf, inf]]])(
  'the mean and deviations of %o are not finite',
  (row) => {
    for (const [n, mean, squares] of everyWay(
      'welford',
      row.map((value) => [1, value, 0]),
    )) {
      expect(n).toBe(row.length);
      expect(Number.isFinite(mean) || Number.isFinite(squares)).toBe(false);
    }
  },
);

test('a reduction of tuples prints as a tuple', () => {
  expect(printProgram(reducedRows('argmax', 2, 3))).toContain('(R0[vi], R1[vi]) argmax= (X[vi, vk], i32(vk))');
});

describe('the spec', () => {
  const program = reducedRows('onlineSoftmax', 2, 3);
  const withBlock = (change: (text: string) => string): Program =>
    JSON.parse(change(JSON.stringify(program))) as Program;

  test('wants as many writes as the reducer combines values', () => {
    expect(checkSpec(withBlock((text) => text.replace('"op":"onlineSoftmax"', '"op":"welford"')))).toBe(
      'block reduce has 2 writes, expected 3: welford combines tuples of 3',
    );
    expect(checkSpec(withBlock((text) => text.replace('"op":"onlineSoftmax"', '"op":"sum"')))).toBe(
      'block reduce has 2 writes, expected 1: sum combines one value',
    );
  });

  test('wants writes to buffers of their own, and floats where exponentials or quotients are taken', () => {
    expect(checkSpec(withBlock((text) => text.replaceAll('"buffer":"R1"', '"buffer":"R0"')))).toBe(
      'block reduce combines two values into one buffer',
    );
    expect(checkSpec(withBlock((text) => text.replace('"name":"R1","dtype":"f32"', '"name":"R1","dtype":"i32"')))).toBe(
      'block reduce combines onlineSoftmax in R1, which is i32, expected floats',
    );
  });
});
