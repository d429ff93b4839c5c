import type { CostModel } from '../../cost-model/cost-model.ts';
import type { FeatureExtractor } from '../../features/extractor.ts';
import { type Candidate, candidateKey, type SearchSpace } from '../strategy.ts';

/** Scores candidates with a model, each once between two fits. */
export interface Scorer {
  scores(candidates: readonly Candidate[]): Float32Array;
  /** To be called once the model has learned: the remembered scores are no longer its own. */
  forget(): void;
}

export function createScorer(space: SearchSpace, model: CostModel): Scorer {
  const extractors: FeatureExtractor[] = space.sketches.map((sketch) => sketch.createExtractor());
  const { columns } = space;
  const known = new Map<string, number>();
  return {
    scores(candidates) {
      const into = new Float32Array(candidates.length);
      const fresh: number[] = [];
      const keys = candidates.map(candidateKey);
      for (const [at, key] of keys.entries()) {
        const held = known.get(key);
        if (held === undefined) fresh.push(at);
        else into[at] = held;
      }
      const rows = new Float32Array(fresh.length * columns);
      for (const [row, at] of fresh.entries()) {
        const { sketch, values } = candidates[at] as Candidate;
        extractors[sketch]?.extract(Float64Array.from(values), rows, row * columns);
      }
      const scores = new Float32Array(fresh.length);
      model.score(rows, fresh.length, columns, scores);
      for (const [row, at] of fresh.entries()) {
        into[at] = scores[row] as number;
        known.set(keys[at] as string, scores[row] as number);
      }
      return into;
    },
    forget: () => known.clear(),
  };
}
