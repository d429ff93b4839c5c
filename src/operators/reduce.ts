import { defineOperator, dimension, integer, option } from './define.ts';
import type { Reduction, ReductionAxis, Value } from './definition.ts';
import { maxOver, reductionAxis, sumOver } from './expression.ts';
import { exact, exactIntegers, type Fill, integers } from './fill.ts';
import type { Operator } from './operator.ts';
import { compute, input, program } from './tensor.ts';
import type { Workload } from './workload.ts';

/** Everything in which one reduction operator differs from another. */
interface ReduceDefinition {
  readonly name: string;
  readonly summary: string;
  readonly over: (value: Value, axes: readonly ReductionAxis[]) => Reduction;
  /** The value from which the reference starts, and how it combines. */
  readonly start: number;
  readonly combine: (accumulated: number, value: number) => number;
  readonly fill: (sums: Workload['dtype'], terms: number) => Fill;
}

function defineReduce({ name, summary, over, start, combine, fill }: ReduceDefinition): Operator {
  return defineOperator({
    name,
    summary,
    parameters: {
      rows: dimension(256, 'rows of X'),
      cols: dimension(1024, 'columns of X'),
      axis: integer(1, 'which dimension is reduced: 0 the rows (one result per column), 1 the columns (one per row)', {
        max: 1,
      }),
      keepdims: option('the result keeps the reduced dimension, with extent 1'),
    },
    build: (p, _, dtype) => {
      const X = input('X', [p.rows, p.cols], dtype);
      const [kept, reduced] = p.axis === 1 ? [p.rows, p.cols] : [p.cols, p.rows];
      const k = reductionAxis('k', reduced);
      const one = p.keepdims ? { one: 1 } : {};
      const axes: { readonly i: number } = p.axis === 1 ? { i: kept, ...one } : { ...one, i: kept };
      const Y = compute('Y', axes, ({ i }) => over(p.axis === 1 ? X.at(i, k) : X.at(k, i), [k]), {
        stage: name,
      });
      return program([X], [Y]);
    },
    reference: (p, _, { X }) => ({
      Y: (flat) => {
        const [first, step, count] = p.axis === 1 ? [flat * p.cols, 1, p.cols] : [flat, p.cols, p.rows];
        let result = start;
        for (let taken = 0; taken < count; taken++) result = combine(result, X?.[first + taken * step] ?? Number.NaN);
        return result;
      },
    }),
    inputs: (p, _, __, sums) => ({ X: fill(sums, p.axis === 1 ? p.cols : p.rows) }),
    tolerance: () => exact,
  });
}

defineReduce({
  name: 'reduce_sum',
  summary: 'sum of a matrix along its columns: Y[rows] from X[rows,cols]',
  over: sumOver,
  start: 0,
  combine: (total, value) => total + value,
  fill: (sums, terms) => exactIntegers(sums, terms, 1),
});

defineReduce({
  name: 'reduce_max',
  summary: 'largest element of a matrix along its columns: Y[rows] from X[rows,cols]',
  over: maxOver,
  start: Number.NEGATIVE_INFINITY,
  combine: Math.max,
  // All are negative, so that a reduction that starts from 0 or reads a 0 from outside its row is caught; they are exact in f16 too.
  fill: () => integers(-2048, -1),
});
