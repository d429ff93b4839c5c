import { curveFigure } from '../../src/report/curve-figure.ts';
import type { Outcome } from './job.ts';

/** Fraction of the optimum over trials on one space: the mean of the seeds as a line, the quartiles as a band, a colour per strategy. */
export function figureOf(title: string, outcomes: readonly Outcome[], trials: number): string {
  const names = [...new Set(outcomes.map(({ job }) => job.strategy))];
  const series = names.map((name) => ({
    name,
    curves: outcomes.filter(({ job }) => job.strategy === name).map(({ curve }) => curve),
  }));
  return curveFigure(title, series, trials, [0.25, 0.75]);
}
