import type { Curve } from '../../search/recorded/curve.ts';
import { hashJson } from '../../support/hash.ts';
import { toolVersion } from '../tool.ts';

/** Ways to use what sources know, by rising effort; `cold` uses nothing. */
export const tierNames = ['cold', 'copy', 'remeasure', 'source', 'residual', 'several'] as const;
export type TierName = (typeof tierNames)[number];

/** What each way does, for people. */
export const tierDocs: Readonly<Record<TierName, string>> = {
  cold: 'knows nothing: the search that `tune` takes',
  copy: 'measures the best of each source and no more',
  remeasure: 'measures the best of the sources in turn, and no more',
  source: 'takes candidates in the order in which a model of the sources ranks them, and learns nothing',
  residual: 'the same model, corrected by a booster that learns what it gets wrong on the target',
  several:
    'one or more sources, each weighted by how well it agrees with what the target has measured; processes over the decisions learn the rest',
};

/** One search on a target with one seed: the unit of work that worker processes get. */
export interface TransferRun {
  /** File of the recorded space. */
  readonly target: string;
  /** Files of the sources; none for a cold run. */
  readonly sources: readonly string[];
  /** A tier's name, or the path of a module with a method of the user's own. */
  readonly tier: string;
  readonly seed: number;
  /** Which part of each source's rows is known. */
  readonly draw: number;
  readonly trials: number;
  /** Rows of a draw; half of a source's rows when null. */
  readonly sourceRows: number | null;
  /** Candidates that `remeasure` measures. */
  readonly top: number;
}

/** A trial that brought a new best: its number (from 1), the fraction of the optimum, and the nanoseconds that all trials until then took. */
export type CurveStep = readonly [trial: number, fraction: number, spentNs: number];

/** How a run went; its times are recorded ones, so that it is the same wherever it runs. */
export interface RunCourse {
  readonly steps: readonly CurveStep[];
  /** Trials it made. */
  readonly trials: number;
  /** Hash of its decisions in order. */
  readonly decisions: string;
}

/** What a run is known by in a journal; `digests` are the contents of its files, so that a changed file is run anew. */
export function runKey(run: TransferRun, digests: ReadonlyMap<string, string>): string {
  const digest = (file: string): string => digests.get(file) ?? file;
  const { target, sources, tier, ...rest } = run;
  return hashJson({
    ...rest,
    tool: toolVersion,
    target: digest(target),
    sources: sources.map(digest),
    tier: digest(tier),
  });
}

/** The whole curve of a run. */
export function curveOf({ steps, trials }: RunCourse): Curve {
  const curve: number[] = [];
  let reached = 0;
  for (let trial = 1, next = 0; trial <= trials; trial++) {
    if (steps[next]?.[0] === trial) reached = (steps[next++] as CurveStep)[1];
    curve.push(reached);
  }
  return curve;
}
