import type { CostModel } from '../../cost-model/cost-model.ts';
import type { Candidate, SearchSpace } from '../strategy.ts';

interface Listed {
  readonly space: SearchSpace;
  readonly candidates: readonly Pick<Candidate, 'sketch' | 'values'>[];
}

/** Features of candidates of a space, row after row, `columns` numbers each; one extractor serves all candidates of its sketch. */
export function featureRows({ space, candidates }: Listed): Float32Array<ArrayBuffer> {
  const { columns } = space;
  const rows = new Float32Array(candidates.length * columns);
  const extractors = space.sketches.map((sketch) => sketch.createExtractor());
  for (const [at, { sketch, values }] of candidates.entries())
    extractors[sketch]?.extract(Float64Array.from(values), rows, at * columns);
  return rows;
}

/** A model's score of each candidate of a space; `rows`: their features, where they are at hand. */
export function scoresOfModel(
  listed: Listed,
  model: CostModel,
  rows: Float32Array = featureRows(listed),
): Float32Array<ArrayBuffer> {
  const scores = new Float32Array(listed.candidates.length);
  model.score(rows, scores.length, listed.space.columns, scores);
  return scores;
}
