import { bandSeries } from '../../charts/band.ts';
import {
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  faint,
  ink,
  rangeOf,
  rule,
  still,
  timeAxis,
  valueAxis,
} from '../../charts/chart.ts';
import { formatDuration, formatFactor, formatTime } from '../../quantities.ts';
import { improvements } from '../choose-drawn.ts';
import type { ReportTrial, Subject } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

/** Over what the best time is drawn. */
type Over = 'trials' | 'seconds';

/** Lines of single runs are drawn up to this many runs; of more, their median and a band. */
const mostLines = 6;
/** More dots are drawn as one shape, without a tip each. */
const mostDots = 600;

const placeOf =
  (over: Over) =>
  (trial: ReportTrial): number =>
    over === 'trials' ? trial.trial + 1 : trial.at;

interface Step {
  readonly x: number;
  readonly timeNs: number;
}

/** The best time of each run so far, at each place where it changed, and at the run's end. */
function curvesOf({ trials, runs }: Subject, over: Over): readonly (readonly Step[])[] {
  const place = placeOf(over);
  const steps = runs.map((): Step[] => []);
  for (const trial of improvements(trials)) steps[trial.run]?.push({ x: place(trial), timeNs: trial.timeNs as number });
  return runs.map((run, at) => {
    const own = steps[at] as Step[];
    const last = own.at(-1);
    const end = over === 'trials' ? run.records : run.seconds;
    return last === undefined ? [] : [...own, { x: Math.max(end, last.x), timeNs: last.timeNs }];
  });
}

/** Best time by a place of a curve; null before its first. */
function bestAt(curve: readonly Step[], x: number): number | null {
  let best: number | null = null;
  for (const step of curve) {
    if (step.x > x) break;
    best = step.timeNs;
  }
  return best;
}

const bandSteps = 80;

/** Median and band (quartiles; of fewer than four runs the extremes) of several runs' best times, from where all have one. */
function bandOf(
  curves: readonly (readonly Step[])[],
): readonly { readonly x: number; readonly low: number; readonly middle: number; readonly high: number }[] {
  const [begin, end] = [
    Math.max(...curves.map((curve) => curve[0]?.x ?? 0)),
    Math.max(...curves.map((curve) => curve.at(-1)?.x ?? 0)),
  ];
  return Array.from({ length: bandSteps + 1 }, (_, at) => begin + ((end - begin) * at) / bandSteps).flatMap((x) => {
    const bests = curves.flatMap((curve) => bestAt(curve, x) ?? []).sort((a, b) => a - b);
    if (bests.length === 0) return [];
    const pick = (share: number): number => bests[Math.round(share * (bests.length - 1))] as number;
    const [low, high] = bests.length < 4 ? [0, 1] : [0.25, 0.75];
    return [{ x, low: pick(low), middle: pick(0.5), high: pick(high) }];
  });
}

/** Where the axis ends: at the last trial, or the last second. */
function endOf({ runs }: Subject, over: Over): number {
  const [, end] = rangeOf(runs.map(({ records, seconds }) => (over === 'trials' ? records : Math.ceil(seconds))));
  return Math.max(1, end);
}

function convergenceChart(subject: Subject, over: Over): Chart {
  const { trials, runs, naiveNs } = subject;
  const place = placeOf(over);
  const timed = trials.filter(({ counts, timeNs }) => counts && timeNs !== null);
  const times = timed.map(({ timeNs }) => timeNs as number);
  if (naiveNs !== null) times.push(naiveNs);
  const [least, most] = rangeOf(times);
  const curves = curvesOf(subject, over).filter((curve) => curve.length > 0);
  const failed = trials.filter(({ outcome }) => outcome !== 'ok');
  const dots = (name: string, some: readonly ReportTrial[], more: ChartOption): ChartOption[] =>
    some.length === 0
      ? []
      : [
          {
            type: 'scatter',
            name,
            data: some.map((trial) => [place(trial), trial.timeNs ?? most, trial.trial]),
            ...still,
            ...more,
          },
        ];
  const plain = timed.filter(({ origin }) => origin === 'search' || origin === 'replay');
  const marked = timed.filter(({ origin }) => origin === 'seed' || origin === 'transfer');
  const [first] = runs;
  const refits =
    runs.length === 1 && first !== undefined
      ? first.rounds
          .filter(({ round }) => round > 0)
          .map(({ trial, at }) => ({ xAxis: over === 'trials' ? trial + 1 : at }))
      : [];
  const marks = {
    silent: true,
    symbol: 'none',
    label: { color: faint, fontSize: 11 },
    data: [
      ...(naiveNs === null
        ? []
        : [
            {
              yAxis: naiveNs,
              lineStyle: { color: ink, type: 'dashed', width: 1 },
              label: { formatter: `naive ${formatTime(naiveNs)}`, position: 'insideEndTop', color: ink },
            },
          ]),
      ...refits.map((mark, at) => ({
        ...mark,
        lineStyle: { color: rule, type: 'solid', width: 1 },
        label: { formatter: at === 0 ? 'model refit' : '', position: 'insideEndTop' },
      })),
    ],
  };
  const single = curves.length <= mostLines;
  const band = curves.length > 1 ? bandOf(curves) : [];
  const lines: ChartOption[] = single
    ? curves.map((curve, at) => ({
        ...{
          type: 'line',
          name: curves.length === 1 ? 'best so far' : `seed ${runs[at]?.seed}, run ${at + 1}`,
          step: 'end',
          symbol: 'none',
        },
        ...{
          data: curve.map(({ x, timeNs }) => [x, timeNs]),
          lineStyle: { color: colourAt(at), width: curves.length === 1 ? 2.5 : 1.5 },
          itemStyle: { color: colourAt(at) },
        },
        ...still,
      }))
    : [];
  const middle: ChartOption[] =
    band.length === 0
      ? []
      : [
          bandSeries(curves.length < 4 ? 'range of runs' : 'middle half of runs', colourAt(0), band),
          {
            type: 'line',
            name: 'median of runs',
            symbol: 'none',
            data: band.map(({ x, middle: m }) => [x, m]),
            lineStyle: { color: ink, width: 2.5 },
            itemStyle: { color: ink },
            ...still,
          },
        ];
  return {
    height: 400,
    option: chartBase({
      grid: { left: 76, right: 24, top: 44, bottom: 56 },
      xAxis: valueAxis(over === 'trials' ? 'trials' : 'seconds since the run began', {
        nameGap: 30,
        min: 0,
        max: endOf(subject, over),
        splitLine: { show: false },
      }),
      yAxis: timeAxis('time of the kernel', [least, most]),
      ...(plain.length > mostDots
        ? {}
        : { tooltip: { ...(chartBase({}).tooltip as ChartOption), trigger: 'item', formatter: tipOf } }),
      dataZoom: [{ type: 'inside', filterMode: 'none' }],
      series: [
        ...dots('trials', plain, {
          symbolSize: plain.length > mostDots ? 3 : 5,
          itemStyle: { color: faint, opacity: 0.55 },
          markLine: marks,
          ...(plain.length > mostDots ? { large: true, largeThreshold: 1 } : {}),
        }),
        ...middle,
        ...lines,
        ...dots('failed', failed.slice(0, mostDots), {
          symbol: 'triangle',
          symbolSize: 7,
          itemStyle: { color: colourAt(1) },
        }),
        ...dots(
          'hand-made',
          marked.filter(({ origin }) => origin === 'seed'),
          { symbol: 'diamond', symbolSize: 11, itemStyle: { color: colourAt(2) } },
        ),
        ...dots(
          'from another device',
          marked.filter(({ origin }) => origin === 'transfer'),
          { symbol: 'rect', symbolSize: 8, itemStyle: { color: colourAt(3) } },
        ),
      ],
    }),
  };
}

function tipOf({ seriesName, value }: { readonly seriesName: string; readonly value: readonly number[] }): string {
  const [, timeNs = 0, trial] = value;
  return `${seriesName}${trial === undefined ? '' : `, trial ${trial}`}: ${seriesName === 'failed' ? 'no time' : formatTime(timeNs)}`;
}

export function convergenceFigures(subject: Subject, prefix: string): readonly Figure[] {
  const { trials, runs, naiveNs } = subject;
  // Failures alone have no place on an axis of times.
  if (naiveNs === null && !trials.some(({ counts, timeNs }) => counts && timeNs !== null)) return [];
  const bests = improvements(trials);
  const last = bests.at(-1);
  const said =
    last === undefined
      ? 'no trial was timed'
      : `the best time falls to ${formatTime(last.timeNs as number)} at trial ${last.trial}`;
  const table = (): string =>
    tableOf(
      ['run', 'seed', 'trial', 'seconds', 'new best', 'over naive'],
      bests.map(({ run, trial, at, timeNs }) => [
        run + 1,
        runs[run]?.seed ?? null,
        trial,
        at.toFixed(1),
        formatTime(timeNs as number),
        naiveNs === null ? null : formatFactor(naiveNs / (timeNs as number)),
      ]),
      {
        caption: 'Trials that were faster than all before them in their run; all others are in the table of trials',
        numeric: [0, 1, 2, 3, 4, 5],
      },
    );
  return [
    {
      id: `${prefix}-by-trials`,
      label: `Best time over trials: ${said}.`,
      caption: `Best time over trials${runs.length > 1 ? `, ${runs.length} runs` : ''}. Dots are trials, triangles at the top are failures, vertical lines show where the model was fitted again.`,
      chart: convergenceChart(subject, 'trials'),
      table,
    },
    {
      id: `${prefix}-by-seconds`,
      label: `Best time over seconds: ${said}, ${last === undefined ? '' : formatDuration(last.at * 1000)} into its run.`,
      caption: 'The same over the seconds of the run, in which building, verifying, waiting and learning count.',
      chart: convergenceChart(subject, 'seconds'),
      table,
    },
  ];
}
