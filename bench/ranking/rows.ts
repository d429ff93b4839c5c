import { featureCount } from '../../src/features/extractor.ts';
import type { Candidate } from '../../src/search/strategy.ts';
import type { Measured } from './measured.ts';

/** Prefixes of one fraction of the decisions made, each once: their features and the best throughput of a measured completion. */
export interface Rows {
  readonly features: Float32Array;
  readonly labels: Float32Array;
  readonly depths: Float32Array;
  readonly count: number;
}

/**
 * Prefixes of the candidates `of` at each fraction of the decisions; throughput relative to the workload's best, of all candidates that
 * `among` names: a prefix is worth its best measured completion.
 */
export function prefixRows(
  measured: Measured,
  of: readonly number[],
  among: readonly number[],
  fractions: readonly number[],
): Rows {
  const bestNs = Math.min(...measured.timesNs);
  const key = ({ sketch, values }: Candidate, depth: number): string => `${sketch} ${values.slice(0, depth).join()}`;
  const depthOf = ({ values }: Candidate, fraction: number): number => Math.round(fraction * values.length);
  const extractors = measured.space.sketches.map((sketch) => sketch.createExtractor());
  const features: Float32Array[] = [];
  const labels: number[] = [];
  const depths: number[] = [];
  for (const fraction of fractions) {
    const worth = new Map<string, number>();
    for (const item of among) {
      const candidate = measured.candidates[item] as Candidate;
      const name = key(candidate, depthOf(candidate, fraction));
      worth.set(name, Math.max(worth.get(name) ?? 0, bestNs / (measured.timesNs[item] as number)));
    }
    const seen = new Set<string>();
    for (const item of of) {
      const candidate = measured.candidates[item] as Candidate;
      const depth = depthOf(candidate, fraction);
      const name = key(candidate, depth);
      if (seen.has(name)) continue;
      seen.add(name);
      const row = new Float32Array(featureCount);
      extractors[candidate.sketch]?.extract(Float64Array.from(candidate.values).fill(Number.NaN, depth), row, 0);
      features.push(row);
      labels.push(worth.get(name) as number);
      depths.push(fraction);
    }
  }
  const all = new Float32Array(features.length * featureCount);
  for (const [at, row] of features.entries()) all.set(row, at * featureCount);
  return { features: all, labels: Float32Array.from(labels), depths: Float32Array.from(depths), count: labels.length };
}

/** Leaves out columns: a feature that is always missing is one that no tree can ask for. */
export function without(rows: Rows, hidden: readonly boolean[]): Rows {
  const features = rows.features.slice();
  for (let at = 0; at < features.length; at++) if (hidden[at % featureCount]) features[at] = Number.NaN;
  return { ...rows, features };
}
