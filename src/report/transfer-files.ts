import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import writeFileAtomic from 'write-file-atomic';
import { trialsTo } from '../search/recorded/curve.ts';
import { UserError } from '../support/errors.ts';
import type { Experiment, RunGroup } from '../tuner/transfer/experiment.ts';
import { curveOf } from '../tuner/transfer/run.ts';
import type { TransferRow } from '../tuner/transfer/summary.ts';
import type { Chart, RenderSvg } from './charts/chart.ts';
import { curvesChart } from './charts/curves.ts';
import { type ColourLevels, matrixChart } from './charts/matrix.ts';
import { pictureOf } from './charts/picture.ts';
import { markdownOfTransfer } from './transfer-tables.ts';

/** The trial at which the heat map of a tier looks. */
const regretAt = 10;
const regretLevels: ColourLevels = [0, 0.05, 0.1, 0.25, 0.5];

/** A figure's file name, what stands over it, and what it shows. */
type NamedChart = readonly [name: string, title: string, chart: Chart];

/**
 * Writes an experiment into a folder: README.md with the tables, runs.csv with every run, for each target a figure of the curves with the
 * range of 80% of the runs, and heat maps of the regret for sources that teach alone. The same experiment gives the same bytes.
 */
export async function writeTransfer(
  folder: string,
  experiment: Experiment,
  rows: readonly TransferRow[],
  render: RenderSvg,
): Promise<void> {
  const figures = [...curveCharts(experiment), ...regretCharts(experiment, rows)].map(
    ([name, title, chart]) => [name, pictureOf(title, chart, render)] as const,
  );
  const links = figures.map(([name]) => `![${name.replace('.svg', '')}](${encodeURI(name)})`).join('\n\n');
  const files: readonly (readonly [string, string])[] = [
    ['README.md', `# What searches gain from what others measured\n\n${markdownOfTransfer(rows)}\n\n${links}\n`],
    ['runs.csv', csvOfRuns(experiment)],
    ...figures,
  ];
  for (const [name, text] of files) {
    const path = join(folder, name);
    try {
      await writeFileAtomic(path, text);
    } catch (error) {
      throw new UserError(
        `${path}: it cannot be written (${(error as Error).message}); name another folder with --out`,
      );
    }
  }
}

function curveCharts({ groups, targets }: Experiment): NamedChart[] {
  return [...targets.keys()].map((target) => {
    const own = groups.filter((group) => group.target === target);
    const several = new Set(own.map(({ sources }) => sources.join(' '))).size > 2;
    const nameOf = ({ tier, sources }: RunGroup): string =>
      several && sources.length > 0 ? `${tier}: ${sources.join(', ')}` : tier;
    const series = own.map((group) => ({
      name: nameOf(group),
      curves: group.runs.map(({ course }) => curveOf(course)),
    }));
    const trials = own[0]?.runs[0]?.run.trials ?? 1;
    return [`${target}.svg`, target, curvesChart(series, trials, [0.1, 0.9])] as const;
  });
}

/** What is lost by copying the best of each source, and for each tier what is lost after a few trials with one source alone. */
function regretCharts({ copies }: Experiment, rows: readonly TransferRow[]): NamedChart[] {
  const single = rows.filter(({ sources }) => sources.length === 1);
  const targets = [...new Set(copies.map(({ target }) => target))];
  const sources = [...new Set(copies.map(({ source }) => source))].sort();
  const chartOf = (lost: readonly Lost[]): Chart =>
    matrixChart(
      targets,
      sources,
      lost.map(({ target, source, regret }) => ({
        ...{ row: target, column: source, value: regret },
        text: `${(100 * regret).toFixed(1)}%`,
      })),
      regretLevels,
    );
  const copied = chartOf(copies.map(({ target, source, fraction }) => ({ target, source, regret: 1 - fraction })));
  const tiers = [...new Set(single.map(({ tier }) => tier))].map((tier): NamedChart => {
    const own = single.filter((row) => row.tier === tier);
    return [
      `regret-${tier.replace(/[^\w.-]+/g, '-')}.svg`,
      `mean regret after ${regretAt} trials by target and source: ${tier}`,
      chartOf(
        own.map(({ target, sources: [source = ''], best }) => ({ target, source, regret: 1 - best[`${regretAt}`] })),
      ),
    ];
  });
  return [['regret-of-copies.svg', 'regret of copying the best of the source, by target and source', copied], ...tiers];
}

interface Lost {
  readonly target: string;
  readonly source: string;
  readonly regret: number;
}

/** One line per run; its curve as `trial:fraction` of every new best. */
function csvOfRuns({ groups }: Pick<Experiment, 'groups'>): string {
  const header = ['target', 'sources', 'tier', 'seed', 'draw', 'trials', 'to90', 'to95', 'to99', 'decisions', 'curve'];
  const lines = groups.flatMap(({ target, sources, tier, runs }) =>
    runs.map(({ run, course }) => {
      const curve = curveOf(course);
      const to = [0.9, 0.95, 0.99].map((fraction) => trialsTo(curve, fraction) ?? '');
      const steps = course.steps.map(([trial, fraction]) => `${trial}:${fraction.toFixed(4)}`).join(' ');
      return [target, sources.join(' '), tier, run.seed, run.draw, course.trials, ...to, course.decisions, steps];
    }),
  );
  return stringify([header, ...lines]);
}
