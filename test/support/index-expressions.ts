import fc from 'fast-check';
import { binary, int, select, variable } from '../../src/ir/builders.ts';
import type { BinaryOp, Expr } from '../../src/ir/nodes.ts';

export const variableNames = ['i', 'j', 'k'] as const;

/** Random quasi-affine index expressions over i, j, k: those that splits, fuses, paddings and guards build, and stranger ones. */
export const indexExpression: fc.Arbitrary<Expr> = fc.letrec<{ index: Expr; truth: Expr }>((tie) => {
  const leaf = fc.oneof(
    fc.constantFrom(...variableNames).map(variable),
    fc.integer({ min: -9, max: 20 }).map((value): Expr => int(value)),
  );
  const divisor = fc.integer({ min: 1, max: 12 }).map((value): Expr => int(value));
  const pair = (ops: readonly BinaryOp[], a: fc.Arbitrary<Expr>, b: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> =>
    fc.tuple(fc.constantFrom(...ops), a, b).map(([op, left, right]) => binary(op, left, right));
  const compare = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'] as const;
  return {
    index: fc.oneof(
      { depthSize: 'large', maxDepth: 6, withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      { weight: 4, arbitrary: pair(['add', 'sub'], tie('index'), tie('index')) },
      {
        weight: 3,
        arbitrary: pair(
          ['mul'],
          tie('index'),
          fc.integer({ min: -4, max: 9 }).map((v): Expr => int(v)),
        ),
      },
      { weight: 5, arbitrary: pair(['div', 'mod'], tie('index'), divisor) },
      { weight: 1, arbitrary: pair(['min', 'max'], tie('index'), tie('index')) },
      { weight: 1, arbitrary: pair(compare, tie('index'), tie('index')) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('truth'), tie('index'), tie('index'))
          .map(([condition, then, otherwise]) => select(condition, then, otherwise)),
      },
    ),
    truth: fc.oneof(
      { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
      { weight: 4, arbitrary: pair(compare, tie('index'), tie('index')) },
      { weight: 1, arbitrary: pair(['and', 'or'], tie('truth'), tie('truth')) },
    ),
  };
}).index;

/** Loop extents of the three variables, 1 included. */
export const loopExtents: fc.Arbitrary<Record<(typeof variableNames)[number], number>> = fc.record({
  i: fc.integer({ min: 1, max: 7 }),
  j: fc.integer({ min: 1, max: 7 }),
  k: fc.integer({ min: 1, max: 5 }),
});
