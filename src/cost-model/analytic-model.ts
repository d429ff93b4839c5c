import type { CostModel } from './cost-model.ts';
import { machines, terms, writeTerms } from './kernel-costs.ts';

/** An analytic model with its costs, one per term, for the usual machine of one device type. */
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

/** Scores rows with the costs that hold when it is called. */
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
