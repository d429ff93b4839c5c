import type { TrainingData } from '../cost-model/cost-model.ts';
import type { FeatureExtractor } from '../features/extractor.ts';
import type { Random } from '../support/random.ts';
import { type Candidate, candidateKey, type Observation, type SearchSpace } from './strategy.ts';

/** Everything observed in a space, and the training set it makes. */
export interface History {
  readonly size: number;
  readonly bestNs: number | null;
  has(candidate: { readonly sketch: number; readonly values: ArrayLike<number> }): boolean;
  /** Marks a candidate as taken, before its result is known. */
  reserve(candidate: { readonly sketch: number; readonly values: ArrayLike<number> }): void;
  add(observation: Observation): void;
  /** Up to `count` measured candidates, fastest first; failures are none. */
  fastest(count: number): readonly Candidate[];
  /**
   * Rows of complete candidates and, where `prefixes` asks for them, of their prefixes, each labelled with the best throughput that
   * a measured completion of it reached (the value function). At most `maxPrefixes` prefix rows, chosen by the given randomness.
   * `outlook` says what throughput is thought to be behind a prefix beyond what was measured; the higher of the two is its label.
   */
  trainingData(options: {
    readonly prefixes: boolean;
    readonly maxPrefixes: number;
    readonly random: Random;
    readonly outlook?: Outlook;
  }): TrainingData;
}

/** Throughput relative to the best measured, in [0, 1], that some completion of a prefix (its first decisions) may reach. */
export type Outlook = (sketch: number, prefix: readonly number[]) => number;

interface PrefixRow {
  readonly sketch: number;
  readonly values: readonly number[];
  readonly depth: number;
  best: number;
}

export function createHistory(space: SearchSpace): History {
  const taken = new Set<string>();
  const observations = new Map<string, Observation>();
  const extractors: FeatureExtractor[] = space.sketches.map((sketch) => sketch.createExtractor());
  const featureCount = space.columns;
  let bestNs: number | null = null;

  const throughput = (observation: Observation): number =>
    observation.timeNs === null || bestNs === null ? 0 : bestNs / observation.timeNs;

  const prefixRows = (): PrefixRow[] => {
    const rows = new Map<string, PrefixRow>();
    for (const observation of observations.values()) {
      const { sketch, values } = observation.candidate;
      const value = throughput(observation);
      for (let depth = 1; depth < values.length; depth++) {
        const prefix = values.slice(0, depth);
        const key = candidateKey({ sketch, values: prefix });
        const held = rows.get(key);
        if (held === undefined) rows.set(key, { sketch, values: prefix, depth, best: value });
        else held.best = Math.max(held.best, value);
      }
    }
    return [...rows.values()];
  };

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
      // The faster of two measurements of one candidate stands: noise only ever adds time.
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
    trainingData({ prefixes, maxPrefixes, random, outlook }) {
      const partial = prefixes ? random.shuffled(prefixRows()).slice(0, maxPrefixes) : [];
      const count = observations.size + partial.length;
      const rows = new Float32Array(count * featureCount);
      const labels = new Float32Array(count);
      const depth = new Float32Array(count);
      let at = 0;
      for (const observation of observations.values()) {
        const { sketch, values } = observation.candidate;
        extractors[sketch]?.extract(Float64Array.from(values), rows, at * featureCount);
        labels[at] = throughput(observation);
        depth[at] = 1;
        at++;
      }
      for (const prefix of partial) {
        const total = space.sketches[prefix.sketch]?.decisions.length as number;
        const values = new Float64Array(total).fill(Number.NaN);
        values.set(prefix.values);
        extractors[prefix.sketch]?.extract(values, rows, at * featureCount);
        labels[at] = Math.max(prefix.best, outlook?.(prefix.sketch, prefix.values) ?? 0);
        depth[at] = prefix.depth / total;
        at++;
      }
      return { rows, columns: featureCount, count, labels, depth };
    },
  };
}
