import { variable } from '../ir/builders.ts';
import type { Expr } from '../ir/nodes.ts';
import { reducers } from '../ir/reducers.ts';
import { walkExpr } from '../ir/visit.ts';
import { estimateAt as at } from '../space/kernel-estimate.ts';
import type { StageInfo } from '../space/stage.ts';
import { stagesOfTiling } from '../space/tiling.ts';
import type { Family } from './family.ts';

const kinds = [
  ['sums and products', 'additions, subtractions and multiplications of floats'],
  ['divisions and roots', 'divisions and square roots of floats'],
  ['special functions', 'exponentials, logarithms, powers, sines and hyperbolic tangents'],
  ['comparisons and choices', 'comparisons, minima, maxima, selects, signs and roundings'],
] as const;

const kindOf: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['add', 'sub', 'mul'].map((op) => [op, 0])),
  ...Object.fromEntries(['div', 'sqrt', 'inverseSqrt'].map((op) => [op, 1])),
  ...Object.fromEntries(['exp', 'expNumber', 'log', 'tanh', 'sin', 'cos', 'pow'].map((op) => [op, 2])),
  ...Object.fromEntries(
    [
      ...['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'not', 'isNan'],
      ...['min', 'max', 'maxNumber', 'abs', 'neg', 'floor', 'ceil', 'round'],
    ].map((op) => [op, 3]),
  ),
};

/**
 * Arithmetic by kind, as one invocation executes it, wasted work included: devices differ in what each kind costs. The kernels of one
 * workload differ in these counts only as their grids do.
 */
export const arithmeticFeatures: Family = {
  name: 'arithmetic',
  features: kinds.map(([name, doc]) => ({ name: `log2(1+${name})`, unit: 'log2(count)', doc })),
  writer: (tiling) => {
    const counts = stagesOfTiling(tiling).reduce(
      (sums, stage) => countStage(stage).map((count, kind) => count + (sums[kind] as number)),
      kinds.map(() => 0),
    );
    return (estimate, out, offset) => {
      const shared =
        (estimate[at.useful] as number) * (estimate[at.workgroups] as number) * (estimate[at.invocations] as number);
      for (let kind = 0; kind < counts.length; kind++)
        out[offset + kind] = Math.log2(1 + (counts[kind] as number) / shared);
    };
  },
};

/** Operations of all instances of a stage, by kind. Index arithmetic does not count, as it moves out of loops. */
function countStage({ block }: StageInfo): number[] {
  const counts = kinds.map(() => 0);
  const seen = new Set<Expr>();
  const count = (expr: Expr): void =>
    walkExpr(expr, (node) => {
      // Results of a tuple share subexpressions; indices are not walked into.
      if (seen.has(node) || node.kind === 'load' || isIndex(node)) return false;
      seen.add(node);
      const kind =
        node.kind === 'select' ? 3 : node.kind === 'unary' || node.kind === 'binary' ? kindOf[node.op] : undefined;
      if (kind !== undefined) counts[kind] = (counts[kind] as number) + 1;
      return true;
    });
  for (const { value } of block.writes) count(value);
  if (block.reducer !== null) {
    const { arity, combine } = reducers[block.reducer.op];
    const tuple = (name: string): Expr[] =>
      Array.from({ length: arity }, (_, i) => ({ kind: 'load', buffer: `${name}${i}`, indices: [variable('i')] }));
    for (const result of combine(tuple('x'), tuple('y'), [])) count(result);
  }
  const instances = block.iters.reduce((all, iter) => all * iter.extent, 1);
  return counts.map((each) => each * instances);
}

/** Made of iteration variables and integers only. */
function isIndex(expr: Expr): boolean {
  if (expr.kind === 'binary') return isIndex(expr.a) && isIndex(expr.b);
  return expr.kind === 'int' || expr.kind === 'var';
}
