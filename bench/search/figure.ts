import type { Chart } from '../../src/report/charts/chart.ts';
import { curvesChart } from '../../src/report/charts/curves.ts';
import type { Outcome } from './job.ts';

/** Fraction of the optimum over trials on one space: the mean of the seeds as a line, the quartiles as a band, a colour per strategy. */
export function chartOf(outcomes: readonly Outcome[], trials: number): Chart {
  const names = [...new Set(outcomes.map(({ job }) => job.strategy))];
  const series = names.map((name) => ({
    name,
    curves: outcomes.filter(({ job }) => job.strategy === name).map(({ curve }) => curve),
  }));
  return curvesChart(series, trials, [0.25, 0.75]);
}
