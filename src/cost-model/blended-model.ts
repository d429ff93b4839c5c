import type { CostModel } from './cost-model.ts';
import { sourceWeights } from './source-weights.ts';

interface BlendedModel extends CostModel {
  /** One weight for each model, by what was measured until now. */
  weights(): readonly number[];
}

/**
 * Models of other devices and workloads as one: each weighs as much as it agrees with what was measured here (see sourceWeights). All must score in
 * natural logarithms of throughput. It learns nothing but the weights.
 */
export function createBlendedModel(models: readonly CostModel[], likeness: readonly number[]): BlendedModel {
  let weights: readonly number[] = [
    ...sourceWeights(
      models.map(() => []),
      [],
      likeness,
    ),
  ];
  let scratch = new Float32Array(0);
  const scoreOf = (model: CostModel, rows: Float32Array, count: number, columns: number): Float32Array => {
    if (scratch.length < count) scratch = new Float32Array(2 * count);
    model.score(rows, count, columns, scratch);
    return scratch;
  };
  return {
    name: 'blended',
    trained: true,
    weights: () => weights,
    score: (rows, count, columns, into) => {
      into.fill(0, 0, count);
      for (const [source, model] of models.entries()) {
        const weight = weights[source] as number;
        if (weight === 0) continue;
        const scores = scoreOf(model, rows, count, columns);
        for (let row = 0; row < count; row++) into[row] = (into[row] as number) + weight * (scores[row] as number);
      }
    },
    fit: ({ rows, count, columns, labels }) => {
      const scores = models.map((model) => [...scoreOf(model, rows, count, columns).subarray(0, count)]);
      const times = Array.from(labels.subarray(0, count), (label) => (label > 0 ? 1 / label : null));
      weights = [...sourceWeights(scores, times, likeness)];
    },
  };
}
