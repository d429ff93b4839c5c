import {
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  faint,
  ink,
  logarithmic,
  nameAxis,
  rangeOf,
  still,
  valueAxis,
} from '../../charts/chart.ts';
import { formatCount, formatFactor } from '../../quantities.ts';
import { pairsInOrder } from '../ranking.ts';
import type { DepthQuality, Learned, Subject } from '../report-data.ts';
import { sketchesShown } from './decisions.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

function qualityChart(depths: readonly DepthQuality[]): Chart {
  const line = (
    name: string,
    data: readonly (number | null)[],
    colour: string,
    more: ChartOption = {},
  ): ChartOption => ({
    ...{
      type: 'line',
      name,
      data,
      symbol: 'circle',
      symbolSize: 6,
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour },
      ...still,
    },
    ...more,
  });
  return {
    height: 320,
    option: chartBase({
      grid: { left: 64, right: 24, top: 44, bottom: 48 },
      xAxis: nameAxis(
        depths.map(({ depth }) => String(depth)),
        { name: 'decisions made', nameLocation: 'middle', nameGap: 28, axisLabel: { color: faint, fontSize: 12 } },
      ),
      yAxis: valueAxis('fraction', { min: 0, max: 1, nameGap: 40 }),
      series: [
        line(
          'pairs in the right order',
          depths.map(({ pairwise }) => pairwise),
          colourAt(0),
          {
            markLine: {
              silent: true,
              symbol: 'none',
              data: [
                {
                  yAxis: 0.5,
                  lineStyle: { color: ink, type: 'dashed', width: 1 },
                  label: { formatter: 'a coin', position: 'insideEndTop', color: ink },
                },
              ],
            },
          },
        ),
        ...(depths.some(({ recall }) => recall !== null)
          ? [
              line(
                'recall of the fastest 8',
                depths.map(({ recall }) => recall),
                colourAt(1),
              ),
            ]
          : []),
      ],
    }),
  };
}

function calibrationChart(calibration: Learned['calibration']): Chart {
  const [least, most] = rangeOf(calibration.flatMap(({ predicted, measured }) => [predicted, measured]));
  const scale = {
    ...logarithmic(least, most),
    axisLabel: { color: faint, fontSize: 12, formatter: (times: number) => formatFactor(times) },
  };
  const { min: low, max: high } = scale;
  return {
    height: 380,
    option: chartBase({
      legend: undefined,
      grid: { left: 76, right: 32, top: 24, bottom: 56 },
      xAxis: valueAxis('predicted time over that of the best', { ...scale, nameGap: 30 }),
      yAxis: valueAxis('measured', { ...scale, nameGap: 56 }),
      series: [
        {
          type: 'line',
          data: [
            [low, low],
            [high, high],
          ],
          symbol: 'none',
          lineStyle: { color: faint, type: 'dashed', width: 1 },
          silent: true,
          ...still,
        },
        {
          type: 'scatter',
          data: calibration.map(({ predicted, measured }) => [predicted, measured]),
          symbolSize: 6,
          itemStyle: { color: colourAt(0), opacity: 0.65 },
          ...still,
        },
      ],
    }),
  };
}

export function modelFigures(subject: Subject, prefix: string): readonly Figure[] {
  const [sketch] = sketchesShown(subject);
  const { depths: all, calibration } = subject.learned;
  const depths = all.filter((depth) => depth.sketch === sketch && depth.pairwise !== null);
  const last = depths.at(-1);
  return [
    ...(depths.length === 0 || last === undefined
      ? []
      : [
          {
            id: `${prefix}-quality`,
            label: `Quality of the model by depth: with ${last.depth} decisions made it puts ${fractionText(last.pairwise)} of pairs in the right order.`,
            caption: `How well the booster judges schedules of sketch ${sketch} that it has not seen, by the number of decisions made: fitted to the other trials, it judges a prefix by the best of eight random completions, against the fastest held-out trial that begins with it. ${formatCount(last.pairs)} pairs of complete schedules.`,
            chart: qualityChart(depths),
            table: () =>
              tableOf(
                [
                  'sketch',
                  'decisions',
                  'pairs in the right order',
                  'pairs',
                  'recall of the fastest 8',
                  'held-out trials',
                ],
                all.map((one) => [
                  one.sketch,
                  one.depth,
                  fractionText(one.pairwise),
                  one.pairs,
                  fractionText(one.recall),
                  one.trials,
                ]),
                { caption: 'All sketches', numeric: [1, 2, 3, 4, 5] },
              ),
          },
        ]),
    ...(calibration.length === 0
      ? []
      : [
          {
            id: `${prefix}-calibration`,
            label: `Calibration: predicted against measured time of ${calibration.length} held-out trials.`,
            caption: `Calibration: ${calibration.length} held-out trials, predicted against measured time, both relative to the fastest; scores have no unit, so that only their differences count. On the dashed line a prediction is right.`,
            chart: calibrationChart(calibration),
            table: () =>
              tableOf(
                ['predicted', 'measured'],
                calibration.map(({ predicted, measured }) => [formatFactor(predicted), formatFactor(measured)]),
                { caption: 'Times over that of the fastest held-out trial', numeric: [0, 1] },
              ),
          },
        ]),
  ];
}

function fractionText(fraction: number | null): string | null {
  return fraction === null ? null : fraction.toFixed(2);
}

/** What the run's own model had said of its proposals, round by round: as recorded, nothing fitted anew. */
export function roundsTable({ trials, runs }: Subject): string {
  const rows = runs.flatMap(({ rounds }, run) =>
    rounds.flatMap(({ round }) => {
      const scored = trials.filter(
        (trial) => trial.run === run && trial.round === round && trial.score !== null && trial.counts,
      );
      const { fraction, pairs } = pairsInOrder(
        scored.map(({ score }) => score as number),
        scored.map(({ timeNs }) => 1 / (timeNs as number)),
      );
      return fraction === null ? [] : [[run + 1, round, scored.length, fraction.toFixed(2), pairs]];
    }),
  );
  if (rows.length === 0) return '';
  return `<details><summary>What the run’s own model had said of the trials that it scored, round by round</summary>${tableOf(['run', 'round', 'trials with a score', 'pairs in the right order', 'pairs'], rows, { caption: 'Scores as recorded before each trial. Proposals are alike, as all were thought good: so this is a harder question than the figure’s', numeric: [0, 1, 2, 3, 4] })}</details>`;
}
