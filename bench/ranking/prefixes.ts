import { candidateKey, type SearchSketch } from '../../src/search/strategy.ts';
import type { Measured } from './measured.ts';

/** Prefixes of one workload with one fraction of the decisions made, each once, and their worth. */
export interface Prefixes {
  readonly prefixes: readonly Prefix[];
  /** Throughput of the best measured completion, relative to the workload's best; one per prefix. */
  readonly worth: Float32Array;
}

export interface Prefix {
  readonly sketch: number;
  /** The sketch's decisions; NaN where undecided. */
  readonly values: Float64Array;
  /** Decisions made. */
  readonly depth: number;
}

/**
 * Number of decisions made once `fraction` of the open ones are; open ones have more than one option. A decision with one option counts as made
 * once an open one after it is made, at the end only when nothing is open.
 */
export function depthOf({ decisions }: Pick<SearchSketch, 'decisions'>, fraction: number): number {
  if (fraction === 1) return decisions.length;
  const open = decisions.flatMap(({ options }, at) => (options.length > 1 ? [at + 1] : []));
  const made = Math.round(fraction * open.length);
  return made === 0 ? 0 : (open[made - 1] as number);
}

/** The prefixes of the candidates `of` (indices); each is worth its best completion among the candidates `among`. */
export function prefixesOf(
  { space, candidates, timesNs }: Measured,
  fraction: number,
  of: readonly number[],
  among: readonly number[],
): Prefixes {
  const depths = space.sketches.map((sketch) => depthOf(sketch, fraction));
  const bestNs = Math.min(...among.map((item) => timesNs[item] as number));
  const keyOf = (item: number): string => {
    const { sketch, values } = candidates[item] as Measured['candidates'][number];
    return candidateKey({ sketch, values: values.slice(0, depths[sketch]) });
  };
  const worth = new Map<string, number>();
  for (const item of among) {
    const key = keyOf(item);
    worth.set(key, Math.max(worth.get(key) ?? 0, bestNs / (timesNs[item] as number)));
  }
  const first = new Map<string, number>();
  for (const item of of) {
    const key = keyOf(item);
    if (!first.has(key)) first.set(key, item);
  }
  const prefixes = [...first.values()].map((item): Prefix => {
    const { sketch, values } = candidates[item] as Measured['candidates'][number];
    const depth = depths[sketch] as number;
    return { sketch, values: Float64Array.from(values).fill(Number.NaN, depth), depth };
  });
  return { prefixes, worth: Float32Array.from(first.keys(), (key) => worth.get(key) as number) };
}
