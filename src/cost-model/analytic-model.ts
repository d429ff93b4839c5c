import { costTermNames } from '../features/cost-terms.ts';
import { featureCount } from '../features/extractor.ts';
import type { CostModel } from './cost-model.ts';
import { usualCosts } from './kernel-costs.ts';

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
  const costs = usualCosts(type);
  return { ...analyticScores(() => costs), name: 'analytic', trained: false, costs, fit: () => {} };
}

/** Scores rows with the costs that hold when it is called. */
export function analyticScores(costs: () => Float64Array): Pick<CostModel, 'score'> {
  return {
    score: (rows, count, columns, into) => {
      const held = costs();
      for (let row = 0; row < count; row++) {
        const at = row * columns + featureCount;
        let cost = 0;
        for (let term = 0; term < costTermNames.length; term++)
          cost += (held[term] as number) * (rows[at + term] as number);
        into[row] = -Math.log(cost);
      }
    },
  };
}
