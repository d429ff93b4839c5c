import type { TrainingData } from '../cost-model/cost-model.ts';
import type { FeatureExtractor } from '../features/extractor.ts';
import { type Candidate, candidateKey, type Observation, type SearchSpace } from './strategy.ts';

/** Everything observed in a space, and the training set it makes. */
export interface History {
  readonly size: number;
  readonly bestNs: number | null;
  has(candidate: { readonly sketch: number; readonly values: ArrayLike<number> }): boolean;
  /** Marks a candidate as taken, before its result is known. */
  reserve(candidate: { readonly sketch: number; readonly values: ArrayLike<number> }): void;
  add(observation: Observation): void;
  /** Up to `count` measured candidates, fastest first, without failures. */
  fastest(count: number): readonly Candidate[];
  /** One row per observed candidate, labelled with its throughput relative to the best; 0 for a failure. */
  trainingData(): TrainingData;
}

export function createHistory(space: SearchSpace): History {
  const taken = new Set<string>();
  const observations = new Map<string, Observation>();
  const extractors: FeatureExtractor[] = space.sketches.map((sketch) => sketch.createExtractor());
  const featureCount = space.columns;
  let bestNs: number | null = null;

  const throughput = (observation: Observation): number =>
    observation.timeNs === null || bestNs === null ? 0 : bestNs / observation.timeNs;

  return {
    get size() {
      return observations.size;
    },
    get bestNs() {
      return bestNs;
    },
    has: (candidate) => taken.has(candidateKey(candidate)),
    reserve(candidate) {
      taken.add(candidateKey(candidate));
    },
    add(observation) {
      const key = candidateKey(observation.candidate);
      taken.add(key);
      const held = observations.get(key);
      // The faster of two measurements of one candidate counts: noise only ever adds time.
      if (
        held !== undefined &&
        held.timeNs !== null &&
        (observation.timeNs === null || observation.timeNs >= held.timeNs)
      )
        return;
      observations.set(key, observation);
      if (observation.timeNs !== null && (bestNs === null || observation.timeNs < bestNs)) bestNs = observation.timeNs;
    },
    fastest: (count) =>
      [...observations.values()]
        .filter(({ timeNs }) => timeNs !== null)
        .sort((a, b) => (a.timeNs as number) - (b.timeNs as number))
        .slice(0, count)
        .map(({ candidate }) => candidate),
    trainingData() {
      const count = observations.size;
      const rows = new Float32Array(count * featureCount);
      const labels = new Float32Array(count);
      let at = 0;
      for (const observation of observations.values()) {
        const { sketch, values } = observation.candidate;
        extractors[sketch]?.extract(Float64Array.from(values), rows, at * featureCount);
        labels[at++] = throughput(observation);
      }
      return { rows, columns: featureCount, count, labels };
    },
  };
}
