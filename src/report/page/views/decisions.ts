import {
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  faint,
  ink,
  logarithmic,
  rangeOf,
  rule,
  still,
} from '../../charts/chart.ts';
import { formatCount, formatTime } from '../../quantities.ts';
import type { ReportTrial, Subject } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

/** Lines of parallel coordinates that the server draws, and that the script does. */
const serverLines = 160;
const scriptLines = 1500;
/** Sketches with figures of their own, and the trials that one needs. */
const mostSketches = 3;
const fewestTrials = 5;

/** The sketches that have enough trials, that of the best first, then by number of trials. */
export function sketchesShown({ trials, best }: Subject): readonly string[] {
  const counts = new Map<string, number>();
  for (const { sketch, counts: does } of trials)
    if (sketch !== null && does) counts.set(sketch, (counts.get(sketch) ?? 0) + 1);
  const first = best === null ? null : (trials[best]?.sketch ?? null);
  return [...counts]
    .filter(([name, count]) => count >= fewestTrials || name === first)
    .sort((a, b) => Number(b[0] === first) - Number(a[0] === first) || b[1] - a[1])
    .slice(0, mostSketches)
    .map(([name]) => name);
}

/** The trials of a sketch that are drawn as lines, as indices: the slower ones first, so that the fast ones lie on top. */
export function linesOf({ trials }: Subject, sketch: string, most: number): readonly number[] {
  const own = trials
    .map((_, index) => index)
    .filter((index) => trials[index]?.sketch === sketch && trials[index]?.counts);
  own.sort((a, b) => (trials[a]?.timeNs as number) - (trials[b]?.timeNs as number));
  if (own.length <= most) return own.reverse();
  const fast = own.slice(0, most / 2);
  const rest = own.slice(most / 2);
  const step = rest.length / (most - fast.length);
  return [
    ...fast,
    ...Array.from({ length: most - fast.length }, (_, at) => rest[Math.floor(at * step)] as number),
  ].reverse();
}

/** Shares of the trials, fastest first, with the colours of their lines. */
const classes = [
  { upTo: 0.1, name: 'fastest tenth', colour: 'var(--s2)', opacity: 0.95, width: 2 },
  { upTo: 0.5, name: 'faster half', colour: 'var(--s1)', opacity: 0.5, width: 1 },
  { upTo: 1, name: 'slower half', colour: 'var(--faint)', opacity: 0.25, width: 1 },
] as const;

function parallelChart(subject: Subject, sketch: string, where: 'server' | 'page'): Chart {
  const { trials } = subject;
  const lines = linesOf(subject, sketch, where === 'server' ? serverLines : scriptLines);
  const names = Object.keys(trials[lines.at(-1) ?? 0]?.decisions ?? {});
  const valuesOf = (name: string): readonly string[] =>
    [...new Set(lines.map((index) => trials[index]?.decisions[name] ?? '–'))]
      .sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : 0))
      .map(String);
  const [least, most] = rangeOf(lines.map((index) => trials[index]?.timeNs as number));
  const label = { color: faint, fontSize: 11 };
  const shown = names.filter((name) => valuesOf(name).length > 1);
  const prefix = commonPrefix(shown);
  const axes: ChartOption[] = [
    ...shown.map((name, dim) => ({
      ...{ dim, name: name.slice(prefix.length), type: 'category', data: valuesOf(name), axisLabel: label },
      ...{
        nameTextStyle: { color: ink, fontSize: 11 },
        axisLine: { lineStyle: { color: rule } },
        axisTick: { show: false },
      },
    })),
    {
      ...{
        dim: shown.length,
        name: 'time',
        ...logarithmic(least, most),
        axisLabel: { ...label, formatter: (ns: number) => formatTime(ns) },
      },
      ...{
        nameTextStyle: { color: ink, fontSize: 11 },
        axisLine: { lineStyle: { color: rule } },
        axisTick: { show: false },
      },
    },
  ];
  return {
    height: 380,
    option: chartBase({
      tooltip: undefined,
      legend: undefined,
      parallel: { left: 44, right: 76, top: 60, bottom: 16, axisExpandable: false },
      parallelAxis: axes.map((axis, at) => ({
        ...axis,
        nameLocation: 'end',
        nameGap: at % 2 === 0 ? 14 : 32,
        areaSelectStyle: { color: colourAt(0), borderColor: colourAt(0), opacity: 0.25, width: 16 },
      })),
      series: [
        {
          ...{
            type: 'parallel',
            name: sketch,
            smooth: false,
            inactiveOpacity: 0.03,
            activeOpacity: 0.9,
            progressive: 0,
            ...still,
          },
          data: lines.map((index, at) => {
            const trial = trials[index] as ReportTrial;
            const share = 1 - at / Math.max(1, lines.length);
            const { colour, opacity, width } = classes.find(({ upTo }) => share <= upTo) ?? classes[2];
            return {
              value: [...shown.map((name) => String(trial.decisions[name] ?? '–')), trial.timeNs],
              lineStyle: { color: colour, opacity, width },
            };
          }),
        },
      ],
    }),
  };
}

/** `matmul.` of `matmul.i.registers` and `matmul.k.step`: what all names begin with, up to a dot. */
export function commonPrefix(names: readonly string[]): string {
  const [first = ''] = names;
  let end = first.lastIndexOf('.') + 1;
  while (end > 0 && !names.every((name) => name.startsWith(first.slice(0, end))))
    end = first.lastIndexOf('.', end - 2) + 1;
  return first.slice(0, end);
}

export function parallelFigures(subject: Subject, prefix: string, where: 'server' | 'page'): readonly Figure[] {
  return sketchesShown(subject).map((sketch, at) => {
    const lines = linesOf(subject, sketch, serverLines);
    const names = Object.keys(subject.trials[lines.at(-1) ?? 0]?.decisions ?? {});
    return {
      id: `${prefix}-parallel-${at}`,
      label: `Parallel coordinates of the decisions of ${formatCount(lines.length)} trials of sketch ${sketch}; lines of the fastest tenth stand out.`,
      caption: `Decisions of sketch ${sketch}, one line per trial, one axis per decision, its time on the last axis; decisions with one value in all trials are left out. Where scripts run, drag along an axis to filter the table of trials.`,
      chart: parallelChart(subject, sketch, where),
      table: () =>
        tableOf(
          ['decision', 'value', 'trials', 'fastest', 'median'],
          names.flatMap((name) => optionsOf(subject, sketch, name)),
          {
            caption: `Every value of every decision of ${sketch}, with the times of the trials that have it`,
            numeric: [1, 2, 3, 4],
          },
        ),
    };
  });
}

function optionsOf({ trials }: Subject, sketch: string, name: string): (readonly (string | number)[])[] {
  const byValue = new Map<number | string, number[]>();
  for (const trial of trials) {
    const value = trial.decisions[name];
    if (trial.sketch !== sketch || !trial.counts || trial.timeNs === null || value === undefined) continue;
    byValue.set(value, [...(byValue.get(value) ?? []), trial.timeNs]);
  }
  return [...byValue].map(([value, times]) => {
    const sorted = [...times].sort((a, b) => a - b);
    return [
      name,
      value,
      sorted.length,
      formatTime(sorted[0] as number),
      formatTime(sorted[sorted.length >> 1] as number),
    ];
  });
}
