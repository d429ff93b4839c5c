import type { CostModel } from './cost-model.ts';
import { machines, terms, writeTerms } from './kernel-costs.ts';

/** An analytic model with given costs, one per term; the device is of the type whose machine it takes. */
interface AnalyticModel extends CostModel {
  readonly costs: Float64Array;
}

/**
 * A model from first principles for the time before there is data: instructions by kind, idle lanes, wave quantisation, register
 * pressure.
 * The score is minus the natural logarithm of the cost, which is a time in some unit.
 */
export function createAnalyticModel(type: 'cpu' | 'gpu'): AnalyticModel {
  const costs = Float64Array.from(terms, (term) => term[type]);
  return { ...analyticScores(type, () => costs), name: 'analytic', trained: false, costs, fit: () => {} };
}

/** How rows are scored with the costs that hold by then. */
export function analyticScores(type: 'cpu' | 'gpu', costs: () => Float64Array): Pick<CostModel, 'score'> {
  const counts = new Float64Array(terms.length);
  return {
    score: (rows, count, columns, into) => {
      const held = costs();
      for (let row = 0; row < count; row++) {
        writeTerms(rows, row * columns, machines[type], counts, 0);
        let cost = 0;
        for (let term = 0; term < counts.length; term++) cost += (held[term] as number) * (counts[term] as number);
        into[row] = -Math.log(cost);
      }
    },
  };
}
