import type { FeatureExtractor } from '../features/extractor.ts';
import type { Decision } from '../space/decision.ts';
import type { Pruner } from '../space/pruning.ts';
import type { PruneTally } from './tally.ts';

/** A decision as a search sees it. */
export interface SearchDecision extends Omit<Decision, 'kind'> {
  /** The options are names and not sizes: their order means nothing. */
  readonly unordered?: boolean;
}

/** What a search sees of a sketch: open decisions in order, which prefixes are legal, and what a model is told of them. */
export interface SearchSketch {
  readonly name: string;
  readonly decisions: readonly SearchDecision[];
  /** Owns scratch memory: one per user. */
  readonly createPruner: () => Pruner;
  readonly createExtractor: () => FeatureExtractor;
}

/** What is searched: the sketches of a workload's program on one device (`sketch-space.ts`), or recorded measurements (`recorded-space.ts`). */
export interface SearchSpace {
  readonly sketches: readonly SearchSketch[];
  /** Numbers in a row (see FeatureExtractor), the same for all sketches. */
  readonly columns: number;
  /** Features are the decisions themselves and say nothing of what they do to a machine (spaces recorded by others). */
  readonly decisionsOnly?: true;
}

/** A sketch with all decisions made. */
export interface Candidate {
  /** Index into the space's sketches. */
  readonly sketch: number;
  /** Option values in the order of the sketch's decisions. */
  readonly values: readonly number[];
  /** What the model thought of it when it was proposed; null where no model was asked. Comparable within one round only. */
  readonly score: number | null;
}

/** How a measured candidate ended. */
export interface Observation {
  readonly candidate: Candidate;
  /** Median nanoseconds, or null where the trial failed. */
  readonly timeNs: number | null;
}

/** Decides what to measure next. Knows candidates and times, never devices or runners: every test of a search runs without one. */
export interface SearchStrategy {
  readonly name: string;
  /** Trials it would like to propose at once before it learns again; whoever drives it may ask for other numbers. */
  readonly round: number;
  /**
   * Up to `count` candidates that were not proposed or observed before; fewer, or none, when the space has no more.
   * Same seed and same observations give the same proposals.
   */
  propose(count: number): readonly Candidate[];
  /** Takes in results, its own proposals' or older ones', and learns from them. */
  observe(results: readonly Observation[]): Promise<void>;
  /** Prefixes refused by exact pruning so far. */
  readonly tally: PruneTally;
  /** Milliseconds spent so far: deciding and learning. */
  readonly spentMs: { readonly propose: number; readonly fit: number };
}

/** The text by which a candidate is known within a space. */
export function candidateKey(candidate: { readonly sketch: number; readonly values: ArrayLike<number> }): string {
  let key = `${candidate.sketch}:`;
  for (let i = 0; i < candidate.values.length; i++) key += `${candidate.values[i]},`;
  return key;
}
