import { mean, quantile, reachedAfter, trialsTo } from '../../search/recorded/curve.ts';
import type { Experiment, RunGroup, TargetSpace } from './experiment.ts';
import { performanceScore } from './performance.ts';
import { curveOf } from './run.ts';

/** Numbers of trials after which the best so far is told. */
export const checkpoints = [1, 5, 10, 25, 50, 100] as const;
export type Checkpoint = `${(typeof checkpoints)[number]}`;

/** One row of the result: a tier on a target with one set of sources. */
export interface TransferRow {
  readonly target: string;
  readonly sources: readonly string[];
  readonly tier: string;
  /** Runs. */
  readonly seeds: number;
  /** Mean fraction of the optimum after so many trials. */
  readonly best: Readonly<Record<Checkpoint, number>>;
  /** Median trials to that fraction of the optimum; null where the median run never gets there. */
  readonly to90: number | null;
  readonly to95: number | null;
  readonly to99: number | null;
  /** Runs that never reach 95%. */
  readonly misses: number;
  /** Runs that reach 95% later than the cold run of the same seed, or not while that one does. */
  readonly worseThanCold: number;
  /** Mean performance score by evaluations, and by the time that trials took. */
  readonly P: number;
  readonly PTime: number;
}

export function summarise({ groups, targets }: Pick<Experiment, 'groups' | 'targets'>): TransferRow[] {
  return groups.map((group) => {
    const cold = groups.find(({ target, tier }) => target === group.target && tier === 'cold') as RunGroup;
    return rowOf(group, cold, targets.get(group.target) as TargetSpace);
  });
}

function rowOf(group: RunGroup, cold: RunGroup, { baseline, usualNs }: TargetSpace): TransferRow {
  const { target, sources, tier, runs } = group;
  const curves = runs.map(({ course }) => curveOf(course));
  const reaching = (fraction: number): number[] =>
    curves.map((curve) => trialsTo(curve, fraction) ?? Number.POSITIVE_INFINITY);
  const median = (fraction: number): number | null => {
    const trials = quantile(reaching(fraction), 0.5);
    return Number.isFinite(trials) ? trials : null;
  };
  const coldTrials = cold.runs.map(({ course }) => trialsTo(curveOf(course), 0.95) ?? Number.POSITIVE_INFINITY);
  const score = (draw: number | null): number =>
    rounded(mean(runs.map(({ run, course }) => performanceScore(course.steps, baseline, run.trials, draw))));
  const best = Object.fromEntries(
    checkpoints.map((trials) => [String(trials), rounded(mean(curves.map((curve) => reachedAfter(curve, trials))))]),
  ) as Record<Checkpoint, number>;
  return {
    target,
    sources,
    tier,
    seeds: runs.length,
    best,
    to90: median(0.9),
    to95: median(0.95),
    to99: median(0.99),
    misses: reaching(0.95).filter((trials) => !Number.isFinite(trials)).length,
    worseThanCold: reaching(0.95).filter((trials, at) => trials > (coldTrials[at] as number)).length,
    P: score(null),
    PTime: score(usualNs),
  };
}

/** Enough digits for a table, and no sums' last ones. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
