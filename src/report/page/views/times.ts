import {
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  faint,
  ink,
  nameAxis,
  still,
  valueAxis,
} from '../../charts/chart.ts';
import { formatCount, formatDuration } from '../../quantities.ts';
import { phaseNames, type ReportRun, type Subject, type TrialPhases } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

const names: Readonly<Record<keyof TrialPhases, string>> = {
  lower: 'lowering',
  build: 'compiling',
  verify: 'verifying',
  wait: 'waiting for quiet',
  kernel: 'kernels running',
  timing: 'rest of timing',
  ahead: 'building ahead, elsewhere',
};

/** In a run's order: what its own process did. */
const own = phaseNames.filter((phase) => phase !== 'ahead');

/** Milliseconds of searching and learning; null where no record tells them. */
function searchMs({ rounds }: ReportRun): { readonly propose: number; readonly fit: number } | null {
  const told = rounds.flatMap(({ spentMs }) => (spentMs === undefined ? [] : [spentMs]));
  if (told.length === 0) return null;
  return told.reduce((sum, { propose, fit }) => ({ propose: sum.propose + propose, fit: sum.fit + fit }));
}

function partsOf(run: ReportRun): readonly (readonly [string, number, string])[] {
  const search = searchMs(run);
  const parts = own.map((phase, at) => [names[phase], run.phases[phase], colourAt(at)] as const);
  const told = parts.reduce((sum, [, ms]) => sum + ms, 0) + (search === null ? 0 : search.propose + search.fit);
  return [
    ...parts,
    ['the rest: peaks, waiting for builds', Math.max(0, run.seconds * 1000 - told), 'var(--cut)'] as const,
    ...(search === null
      ? []
      : [['searching', search.propose, colourAt(6)] as const, ['learning', search.fit, colourAt(7)] as const]),
  ];
}

const mostRuns = 12;

/** One bar per run, in parts. */
function timeChart({ runs }: Subject): Chart {
  const shown = runs.slice(-mostRuns).reverse();
  const parts = shown.map(partsOf);
  const all = [...new Set(parts.flatMap((list) => list.map(([name]) => name)))];
  return {
    height: 110 + 34 * shown.length,
    option: chartBase({
      grid: { left: 100, right: 32, top: 52, bottom: 44 },
      tooltip: {
        ...(chartBase({}).tooltip as ChartOption),
        trigger: 'item',
        formatter: ({ seriesName, value }: { readonly seriesName: string; readonly value: number }) =>
          `${seriesName}: ${value.toFixed(2)} s`,
      },
      xAxis: valueAxis('seconds', { nameGap: 28 }),
      yAxis: nameAxis(shown.map((_, at) => `run ${runs.length - at}`)),
      series: all.map((name) => ({
        ...{ type: 'bar', name, stack: 'time', barMaxWidth: 26, ...still },
        itemStyle: { color: parts.flat().find(([part]) => part === name)?.[2] },
        data: parts.map((list) => (list.find(([part]) => part === name)?.[1] ?? 0) / 1000),
      })),
    }),
  };
}

/** Bars that the eye can tell apart. */
const mostBars = 160;

/** The last run, trial by trial, with what was built ahead as a line. */
function trialTimeChart(subject: Subject): Chart {
  const last = subject.runs.length - 1;
  const trials = subject.trials.filter(({ run }) => run === last).slice(-mostBars);
  return {
    height: 300,
    option: chartBase({
      grid: { left: 64, right: 24, top: 52, bottom: 48 },
      xAxis: nameAxis(
        trials.map(({ trial }) => String(trial)),
        {
          name: 'trial of the last run',
          nameLocation: 'middle',
          nameGap: 28,
          axisLabel: { color: faint, fontSize: 11 },
        },
      ),
      yAxis: valueAxis('seconds', { nameGap: 40 }),
      series: [
        ...own.map((phase, at) => ({
          ...{
            type: 'bar',
            name: names[phase],
            stack: 'time',
            barCategoryGap: '10%',
            itemStyle: { color: colourAt(at) },
            ...still,
          },
          data: trials.map(({ phases }) => Number((phases[phase] / 1000).toPrecision(3))),
        })),
        ...(trials.some(({ phases }) => phases.ahead > 0)
          ? [
              {
                type: 'line',
                name: names.ahead,
                step: 'middle',
                symbol: 'none',
                lineStyle: { color: ink, width: 1.5 },
                itemStyle: { color: ink },
                ...still,
                data: trials.map(({ phases }) => Number((phases.ahead / 1000).toPrecision(3))),
              },
            ]
          : []),
      ],
    }),
  };
}

export function timeFigures(subject: Subject, prefix: string): readonly Figure[] {
  const { runs } = subject;
  const last = runs.at(-1);
  if (last === undefined) return [];
  const parts = partsOf(last);
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  const [most] = parts.filter(([name]) => !name.startsWith('the rest')).sort((a, b) => b[1] - a[1]);
  const said =
    most === undefined || total === 0 ? '' : `${((100 * most[1]) / total).toFixed(0)}% of the last run was ${most[0]}`;
  const unrecorded = searchMs(last) === null ? ' What searching and learning took is not recorded in this log.' : '';
  return [
    {
      id: `${prefix}-time`,
      label: `Where the time went: ${said}.`,
      caption: `Where the time went, run by run: ${said}. The last fit of a run, after which nothing is measured, is left out.${unrecorded}`,
      chart: timeChart(subject),
      table: () =>
        tableOf(
          ['run', 'records', ...phaseNames.map((phase) => names[phase]), 'searching', 'learning', 'in all'],
          runs.map((run, at) => {
            const search = searchMs(run);
            return [
              at + 1,
              formatCount(run.records),
              ...phaseNames.map((phase) => formatDuration(run.phases[phase])),
              search === null ? null : formatDuration(search.propose),
              search === null ? null : formatDuration(search.fit),
              formatDuration(run.seconds * 1000),
            ];
          }),
          { caption: 'Sums over all records of each run', numeric: Array.from({ length: 12 }, (_, at) => at) },
        ),
    },
    {
      id: `${prefix}-time-by-trial`,
      label: 'The phases of every trial of the last run, with what other processes spent on building it ahead.',
      caption:
        'The same trial by trial for the last run. The line is what other processes spent on building the trial ahead, while this one measured others.',
      chart: trialTimeChart(subject),
      table: () =>
        tableOf(
          ['trial', ...phaseNames.map((phase) => names[phase])],
          subject.trials
            .filter(({ run }) => run === runs.length - 1)
            .slice(-mostBars)
            .map(({ trial, phases }) => [trial, ...phaseNames.map((phase) => `${phases[phase].toFixed(1)} ms`)]),
          {
            caption: `The last ${mostBars} drawn trials of the last run at most`,
            numeric: Array.from({ length: 9 }, (_, at) => at),
          },
        ),
    },
  ];
}
