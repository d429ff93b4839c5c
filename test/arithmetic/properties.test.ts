import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf, type Ranges, rangeOfExtent } from '../../src/arithmetic/bounds.ts';
import { exprOfLinear, linearOf } from '../../src/arithmetic/linear.ts';
import { spanOf, unionSpan } from '../../src/arithmetic/region.ts';
import { simplify } from '../../src/arithmetic/simplify.ts';
import { printExpr } from '../../src/ir/printer.ts';
import { varsOf } from '../../src/ir/visit.ts';
import { evaluate, pointsOf } from '../support/evaluate.ts';
import { indexExpression, loopExtents, variableNames } from '../support/index-expressions.ts';

const runs = { numRuns: 1500 };
const rangesOf = (extents: Readonly<Record<string, number>>): Ranges =>
  new Map(Object.entries(extents).map(([name, extent]) => [name, rangeOfExtent(extent)]));

test('simplify keeps the value at every point of the loops', () => {
  fc.assert(
    fc.property(indexExpression, loopExtents, (expr, extents) => {
      const simple = simplify(expr, rangesOf(extents));
      for (const point of pointsOf(extents)) {
        if (evaluate(simple, point) !== evaluate(expr, point)) {
          throw new Error(`${printExpr(expr)} became ${printExpr(simple)}: wrong at ${JSON.stringify([...point])}`);
        }
      }
    }),
    runs,
  );
});

test('simplify gains nothing from a second run that makes the text longer', () => {
  fc.assert(
    fc.property(indexExpression, loopExtents, (expr, extents) => {
      const ranges = rangesOf(extents);
      const once = simplify(expr, ranges);
      const twice = simplify(once, ranges);
      expect(printExpr(twice).length).toBeLessThanOrEqual(printExpr(once).length);
    }),
    runs,
  );
});

test('boundsOf holds every value the expression takes', () => {
  fc.assert(
    fc.property(indexExpression, loopExtents, (expr, extents) => {
      const { min, max } = boundsOf(expr, rangesOf(extents));
      for (const point of pointsOf(extents)) {
        const value = evaluate(expr, point);
        if (value < min || value > max) throw new Error(`${printExpr(expr)} is ${value}, outside [${min}, ${max}]`);
      }
    }),
    runs,
  );
});

test('the linear form and back keeps the value', () => {
  fc.assert(
    fc.property(indexExpression, loopExtents, (expr, extents) => {
      const back = exprOfLinear(linearOf(expr));
      for (const point of pointsOf(extents)) expect(evaluate(back, point) === evaluate(expr, point)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('spanOf covers every value while the relaxed variables run, from a base in terms of the others alone', () => {
  fc.assert(
    fc.property(indexExpression, loopExtents, fc.subarray([...variableNames]), (expr, extents, relaxedNames) => {
      const relaxed = new Set<string>(relaxedNames);
      const span = spanOf(expr, relaxed, rangesOf(extents));
      for (const name of varsOf(span.base)) expect(relaxed.has(name)).toBe(false);
      for (const point of pointsOf(extents)) {
        const base = evaluate(span.base, point);
        const value = evaluate(expr, point);
        if (value < base || value >= base + span.extent) {
          throw new Error(`${printExpr(expr)} is ${value}, outside ${printExpr(span.base)} + [0, ${span.extent})`);
        }
      }
    }),
    runs,
  );
});

test('unionSpan covers both spans or says that it cannot', () => {
  fc.assert(
    fc.property(indexExpression, indexExpression, loopExtents, (a, b, extents) => {
      const ranges = rangesOf(extents);
      const relaxed = new Set(['k']);
      const [left, right] = [spanOf(a, relaxed, ranges), spanOf(b, relaxed, ranges)];
      const union = unionSpan(left, right);
      if (union === null) return;
      for (const point of pointsOf(extents)) {
        const base = evaluate(union.base, point);
        for (const part of [left, right]) {
          const start = evaluate(part.base, point);
          expect(start).toBeGreaterThanOrEqual(base);
          expect(start + part.extent).toBeLessThanOrEqual(base + union.extent);
        }
      }
    }),
    { numRuns: 500 },
  );
});
