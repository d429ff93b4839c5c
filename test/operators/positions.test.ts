import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { checkSpec } from '../../src/ir/spec.ts';
import { findOperator } from '../../src/operators/catalog.ts';
import type { Value } from '../../src/operators/definition.ts';
import * as te from '../../src/operators/expression.ts';
import { minimumBytes } from '../../src/operators/flops.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { compute, input, program } from '../../src/operators/tensor.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { interpret } from '../../src/testing/interpret.ts';
import { lowered } from '../lowering/equality.ts';
import { runLowered } from '../lowering/simt.ts';
import { describeValues, legalCandidates } from '../space/candidates.ts';

const [rows, columns, picks, bags] = [13, 8, 5, 7];
const table = input('table', [rows, columns], 'f32');
const weights = input('weights', [columns, 6], 'f32');
const ids = input('ids', [bags, picks], 'i32');
const random = createRandom(5);
const integersOf = (size: number, low: number, high: number): Float64Array =>
  Float64Array.from({ length: size }, () => low + random.below(high - low + 1));
const inputs = {
  table: integersOf(rows * columns, -4, 4),
  weights: integersOf(columns * 6, -4, 4),
  // Some lie outside, and take the nearest row.
  ids: integersOf(bags * picks, -2, rows + 1),
};
const rowOf = (id: number): number => Math.min(Math.max(id, 0), rows - 1);
const picked = (bag: number, pick: number, column: number): number =>
  inputs.table[rowOf(inputs.ids[bag * picks + pick] as number) * columns + column] as number;

/** Programs of users that gather rows and go on with them, and what they compute. */
const cases: readonly (readonly [title: string, Program, size: number, (flat: number) => number])[] = [
  [
    'sums over rows that are gathered',
    (() => {
      const k = te.reductionAxis('k', picks);
      const Y = compute('Y', { i: bags, j: columns }, ({ i, j }) =>
        te.sumOver(table.at(te.position(ids.at(i, k), rows), j), [k]),
      );
      return program([table, ids], [Y]);
    })(),
    bags * columns,
    (flat) => {
      let sum = 0;
      for (let k = 0; k < picks; k++) sum += picked(Math.floor(flat / columns), k, flat % columns);
      return sum;
    },
  ],
  [
    'a product of a gathered row with a matrix',
    (() => {
      const gathered = compute(
        'gathered',
        { i: bags, c: columns },
        ({ i, c }): Value => table.at(te.position(ids.at(i, 0), rows), c),
      );
      const k = te.reductionAxis('k', columns);
      const Y = compute('Y', { i: bags, j: 6 }, ({ i, j }) =>
        te.sumOver(te.mul(gathered.at(i, k), weights.at(k, j)), [k]),
      );
      return program([table, ids, weights], [Y]);
    })(),
    bags * 6,
    (flat) => {
      let sum = 0;
      for (let k = 0; k < columns; k++)
        sum += picked(Math.floor(flat / 6), 0, k) * (inputs.weights[k * 6 + (flat % 6)] as number);
      return sum;
    },
  ],
  [
    'a row moved by an index of its own',
    program(
      [table, ids],
      [
        compute('Y', { i: bags, j: columns - 1 }, ({ i, j }) =>
          te.add(
            table.at(te.position(ids.at(i, 1), rows), te.add(j, 1)),
            table.at(te.sub(rows - 1, te.position(ids.at(i, 0), rows)), j),
          ),
        ),
      ],
    ),
    bags * (columns - 1),
    (flat) => {
      const [bag, column] = [Math.floor(flat / (columns - 1)), flat % (columns - 1)];
      const back = rows - 1 - rowOf(inputs.ids[bag * picks] as number);
      return picked(bag, 1, column + 1) + (inputs.table[back * columns + column] as number);
    },
  ],
];

describe('programs that take positions from elements', () => {
  it.each(cases)('%s: naive and in every sketch, interpreted and lane by lane', (_, plain, size, expected) => {
    const want = Float64Array.from({ length: size }, (_unused, flat) => expected(flat));
    const own = Object.fromEntries(plain.inputs.map((name) => [name, inputs[name as keyof typeof inputs]]));
    const judge = (scheduled: Program, title: string): void => {
      expect(checkSpec(scheduled), title).toBeNull();
      expect(interpret(scheduled, own, { rounding: true }).Y, title).toEqual(want);
      expect(runLowered(lowered(scheduled), own).Y, title).toEqual(want);
    };
    const naive = naiveSchedule(plain);
    if (isRefusal(naive)) throw new Error(explainRefusal(naive));
    judge(naive.program, 'naive');
    for (const sketch of sketchesOf(plain)) {
      for (const values of legalCandidates(sketch, defaultLimits, 6, createRandom(3))) {
        const made = instantiate(sketch, values);
        if (isRefusal(made)) throw new Error(`${describeValues(sketch, values)}: ${explainRefusal(made)}`);
        judge(made.program, describeValues(sketch, values));
      }
    }
  });

  it('must move no more of a table than the rows that are read', () => {
    const bytesOf = (shape: string): number => {
      const workload = makeWorkload('gather', { shape });
      return minimumBytes(findOperator('gather').build(workload));
    };
    expect(bytesOf('n=4,v=1000,d=16')).toBe(4 * (4 * 16 + 4 + 4 * 16));
    expect(bytesOf('n=40,v=10,d=16')).toBe(4 * (10 * 16 + 40 + 40 * 16));
  });

  it('are made of integers alone', () => {
    const x = input('x', [4], 'f32');
    expect(() => te.position(x.at(0), 4)).toThrow('position needs an element of i32 or u32, got f32');
    expect(() => te.position(ids.at(0, 0), 0)).toThrow(
      'position needs the extent of a dimension, a positive integer, got 0',
    );
  });
});
