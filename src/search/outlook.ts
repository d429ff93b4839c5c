import type { CostModel } from '../cost-model/cost-model.ts';
import type { Random } from '../support/random.ts';
import { completeAtRandom } from './completion.ts';
import type { Outlook } from './history.ts';
import type { SearchSpace } from './strategy.ts';

/** Completions looked at behind a prefix: a label needs no more care than the judgement it is to teach. */
const completions = 4;

/**
 * What a model that predicts logarithms of throughput expects behind a prefix: the best of some random legal completions. Labels made of it
 * carry the value of unmeasured ends back to the prefixes (Steiner and others, 2021, value iteration).
 */
export function createOutlook(space: SearchSpace, model: CostModel, random: Random): Outlook {
  const { columns } = space;
  const sketches = space.sketches.map((sketch) => ({
    sketch,
    pruner: sketch.createPruner(),
    extractor: sketch.createExtractor(),
  }));
  const rows = new Float32Array(completions * columns);
  const scores = new Float32Array(completions);
  return (index, prefix) => {
    const { sketch, pruner, extractor } = sketches[index] as (typeof sketches)[number];
    const values = new Float64Array(sketch.decisions.length);
    let made = 0;
    for (let c = 0; c < completions; c++) {
      values.fill(Number.NaN);
      values.set(prefix);
      if (!completeAtRandom(sketch, pruner, values, prefix.length, random)) continue;
      extractor.extract(values, rows, made * columns);
      made++;
    }
    if (made === 0) return 0;
    model.score(rows, made, columns, scores);
    // Nothing is known to be faster than the best: more than 1 would be a hope.
    return Math.min(1, Math.exp(Math.max(...scores.subarray(0, made))));
  };
}
