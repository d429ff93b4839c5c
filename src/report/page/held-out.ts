import type { CostModel } from '../../cost-model/cost-model.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import type { Candidate, Observation } from '../../search/strategy.ts';

/** A trial that was right, as a search sees it. */
export interface TimedObservation extends Observation {
  readonly timeNs: number;
}

/** A model that was fitted without some of the trials, and these. */
export interface HeldOut {
  readonly model: CostModel;
  readonly observations: readonly TimedObservation[];
}

/** Scores of candidates by a model, in their order. */
export function scoresOf(
  space: SketchSpace,
  model: CostModel,
  candidates: readonly Pick<Candidate, 'sketch' | 'values'>[],
): Float32Array {
  const rows = new Float32Array(candidates.length * space.columns);
  for (const [at, { sketch, values }] of candidates.entries())
    space.sketches[sketch]?.createExtractor().extract(Float64Array.from(values), rows, at * space.columns);
  const scores = new Float32Array(candidates.length);
  model.score(rows, candidates.length, space.columns, scores);
  return scores;
}
