import { stringify } from 'csv-stringify/sync';
import { markdownTable } from '../../src/report/table.ts';
import { mean, quantile, reachedAfter, trialsTo } from '../../src/search/recorded/curve.ts';
import type { Outcome } from './job.ts';

export const targets = [0.9, 0.95, 0.99];
export const checkpoints = [16, 32, 50, 64, 100, 128, 256];

/** The results of all seeds of one strategy on one space. */
export interface Summary {
  readonly space: string;
  readonly strategy: string;
  readonly seeds: number;
  /** For each target: median and quartiles of the trials to it; infinite where that share of the runs missed it. */
  readonly to: readonly { readonly median: number; readonly low: number; readonly high: number }[];
  /** For each checkpoint: mean fraction of the optimum. */
  readonly reached: readonly number[];
  /** Median milliseconds per trial in the search itself. */
  readonly msATrial: number;
}

/** Groups outcomes by space and strategy in the order in which they come. */
export function summarise(outcomes: readonly Outcome[], nameOf: (space: string) => string): Summary[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const key = `${outcome.job.space}\n${outcome.job.strategy}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [outcome]);
    else group.push(outcome);
  }
  return [...groups.values()].map((group) => {
    const { space, strategy } = (group[0] as Outcome).job;
    return {
      space: nameOf(space),
      strategy,
      seeds: group.length,
      to: targets.map((target) => {
        const trials = group.map(({ curve }) => trialsTo(curve, target) ?? Number.POSITIVE_INFINITY);
        return { median: quantile(trials, 0.5), low: quantile(trials, 0.25), high: quantile(trials, 0.75) };
      }),
      reached: checkpoints.map((trials) => mean(group.map(({ curve }) => reachedAfter(curve, trials)))),
      msATrial: quantile(
        group.map(({ searchMs, curve }) => searchMs / Math.max(1, curve.length)),
        0.5,
      ),
    };
  });
}

const percent = (fraction: number): string => `${Math.round(fraction * 100)}%`;
const count = (trials: number): string => (Number.isFinite(trials) ? `${Math.round(trials)}` : '-');

export function csvOfSummaries(summaries: readonly Summary[]): string {
  const header = [
    'space',
    'strategy',
    'seeds',
    ...targets.flatMap((target) => ['median', 'low', 'high'].map((part) => `${part} trials to ${percent(target)}`)),
    ...checkpoints.map((trials) => `mean fraction at ${trials}`),
    'search ms per trial',
  ];
  const rows = summaries.map(({ space, strategy, seeds, to, reached, msATrial }) => [
    space,
    strategy,
    seeds,
    ...to.flatMap(({ median, low, high }) =>
      [median, low, high].map((trials) => (Number.isFinite(trials) ? trials : '')),
    ),
    ...reached.map((fraction) => fraction.toFixed(4)),
    msATrial.toFixed(2),
  ]);
  return stringify([header, ...rows]);
}

/** A row per strategy and space, and one per strategy for the mean over the spaces, as a Markdown table. */
export function markdownOfSummaries(summaries: readonly Summary[]): string {
  const rows = summaries.map(({ space, strategy, to, reached, msATrial }) => [
    space,
    strategy,
    ...to.map(({ median, low, high }) => `${count(median)} (${count(low)} - ${count(high)})`),
    ...reached.map((fraction) => fraction.toFixed(3)),
    msATrial.toFixed(1),
  ]);
  const names = [...new Set(summaries.map(({ strategy }) => strategy))];
  const means = names.map((name) => {
    const own = summaries.filter(({ strategy }) => strategy === name);
    const parts = checkpoints.map((_, at) => mean(own.map(({ reached }) => reached[at] as number)).toFixed(3));
    return [`mean of ${own.length}`, name, ...targets.map(() => ''), ...parts, ''];
  });
  const header = [
    'space',
    'strategy',
    ...targets.map((target) => `trials to ${percent(target)} (quartiles)`),
    ...checkpoints.map((trials) => `@${trials}`),
    'ms per trial',
  ];
  return markdownTable(header, [...rows, ...means]);
}
