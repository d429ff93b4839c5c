import { costTermNames } from '../features/cost-terms.ts';
import { featureCount } from '../features/extractor.ts';
import { analyticScores } from './analytic-model.ts';
import type { CostModel, TrainingData } from './cost-model.ts';
import { fitCosts } from './fit-costs.ts';
import { usualCosts } from './kernel-costs.ts';

interface FittedModel extends CostModel {
  /** The costs that hold now, one per term. */
  readonly costs: Float64Array;
}

/**
 * The analytic model with its costs fitted to measurements. The cost of a barrier or a scattered load belongs to the device and not to the
 * workload, so that a few measurements of one workload rank the candidates of another. Until the first fit the costs are those of `prior`,
 * by default the analytic model's.
 */
export function createFittedModel(type: 'cpu' | 'gpu', prior: Float64Array = usualCosts(type)): FittedModel {
  let costs = prior;
  let trained = false;
  return {
    ...analyticScores(() => costs),
    name: 'fitted',
    get costs() {
      return costs;
    },
    get trained() {
      return trained;
    },
    fit: (data) => {
      const used = measuredRows(data);
      if (used.length === 0) return;
      const counts = new Float64Array(used.length * costTermNames.length);
      for (const [at, row] of used.entries()) {
        const begin = row * data.columns + featureCount;
        counts.set(data.rows.subarray(begin, begin + costTermNames.length), at * costTermNames.length);
      }
      costs = fitCosts(
        counts,
        Float64Array.from(used, (row) => -Math.log(data.labels[row] as number)),
        numbered(used.map((row) => data.groups?.[row] ?? 0)),
        prior,
      );
      trained = true;
    },
  };
}

/** Programs that ran: the time of a failure means nothing. */
function measuredRows({ count, labels }: TrainingData): number[] {
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if ((labels[row] as number) > 0) rows.push(row);
  return rows;
}

/** The same groups, numbered from 0 in the order in which they come. */
function numbered(groups: readonly number[]): Uint32Array {
  const numbers = new Map<number, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  return Uint32Array.from(groups, (group) => numbers.get(group) as number);
}
