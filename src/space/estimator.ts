import { createEvaluator } from '../arithmetic/evaluator.ts';
import type { Open } from '../arithmetic/formula.ts';
import { estimateOf } from './derive/estimate.ts';
import { estimateNames, type KernelEstimate } from './kernel-estimate.ts';
import type { Tiling } from './tiling.ts';

/** A function that writes a kernel's estimate for values of its decisions, which stand where `positionOf` says, NaN while undecided. */
export function createEstimator(
  tiling: Tiling,
  positionOf: (open: Open) => number,
): (values: Float64Array, into: KernelEstimate) => void {
  const formulas = estimateOf(tiling);
  const evaluate = createEvaluator(
    estimateNames.map((name) => formulas[name]),
    { positionOf },
  );
  return (values, into) => evaluate(values, into, 0);
}
