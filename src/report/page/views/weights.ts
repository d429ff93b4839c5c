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
import { formatFactor } from '../../quantities.ts';
import type { DecisionWeight, Subject } from '../report-data.ts';
import { commonPrefix, sketchesShown } from './decisions.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

function bars(
  weights: readonly DecisionWeight[],
  value: (weight: DecisionWeight) => number,
  note: (weight: DecisionWeight) => string,
  axis: ChartOption,
  colour: string,
): Chart {
  const prefix = commonPrefix(weights.map((weight) => weight.name));
  const sorted = [...weights].sort((a, b) => value(a) - value(b));
  return {
    height: Math.max(160, 70 + 22 * sorted.length),
    option: chartBase({
      legend: undefined,
      tooltip: undefined,
      grid: { left: 168, right: 150, top: 12, bottom: 48 },
      xAxis: axis,
      yAxis: nameAxis(
        sorted.map((weight) => weight.name.slice(prefix.length)),
        { axisLabel: { color: ink, fontSize: 12, width: 150, overflow: 'truncate', interval: 0 } },
      ),
      series: [
        {
          ...{ type: 'bar', barMaxWidth: 14, itemStyle: { color: colour }, ...still },
          data: sorted.map((weight) => ({
            value: value(weight),
            label: { show: true, position: 'right', color: faint, fontSize: 11, formatter: note(weight) },
          })),
        },
      ],
    }),
  };
}

function importanceChart(weights: readonly DecisionWeight[]): Chart {
  const known = weights.filter(({ permuted }) => permuted !== null);
  return bars(
    known,
    ({ permuted }) => 100 * (permuted as number),
    ({ permuted, judged }) => `${(100 * (permuted as number)).toFixed(1)} of ${judged} trials`,
    valueAxis('more pairs of trials in the wrong order when the decision is shuffled, percentage points', {
      nameGap: 28,
    }),
    colourAt(0),
  );
}

function gapChart(weights: readonly DecisionWeight[]): Chart {
  const known = weights.filter(({ gap }) => gap !== null);
  const [, most] = rangeOf(known.map(({ gap }) => gap as number));
  const axis = valueAxis('time of the best trial with any other option, over that of the best', {
    ...logarithmic(1, Math.max(most, 2)),
    ...{
      min: 1,
      nameGap: 28,
      axisLabel: { color: faint, fontSize: 12, formatter: (times: number) => formatFactor(times) },
    },
  });
  return bars(
    known,
    ({ gap }) => gap as number,
    ({ gap, having, others }) => `${(gap as number).toFixed(3)}x, ${having} against ${others}`,
    axis,
    colourAt(2),
  );
}

export function weightFigures(subject: Subject, prefix: string): readonly Figure[] {
  const [sketch] = sketchesShown(subject);
  const weights = subject.learned.weights.filter((weight) => weight.sketch === sketch);
  if (weights.length === 0) return [];
  const table = (): string =>
    tableOf(
      [
        'sketch',
        'decision',
        'what it is',
        'loss when shuffled',
        'held-out trials',
        'best option',
        'best other option',
        'trials with it',
        'trials with others',
      ],
      subject.learned.weights.map((weight) => [
        weight.sketch,
        weight.name,
        weight.doc,
        weight.permuted === null ? null : `${(100 * weight.permuted).toFixed(1)} points`,
        weight.judged,
        weight.option,
        weight.gap === null ? null : `${formatFactor(weight.gap)} the time`,
        weight.having,
        weight.others,
      ]),
      { caption: 'Decisions of all sketches with trials', numeric: [3, 4, 5, 6, 7, 8] },
    );
  const top = [...weights].sort((a, b) => (b.permuted ?? 0) - (a.permuted ?? 0))[0];
  const hasModel = weights.some(({ permuted }) => permuted !== null);
  const far = [...weights].sort((a, b) => (b.gap ?? 0) - (a.gap ?? 0))[0];
  return [
    ...(hasModel
      ? [
          {
            id: `${prefix}-importance`,
            label: `Importance of decisions by permutation: ${top?.name} matters most to the model.`,
            caption: `Importance of the decisions of sketch ${sketch} to the booster: the loss of pairs in the right order among held-out trials when the values of one decision are shuffled among them. Small losses are noise where few trials back them.`,
            chart: importanceChart(weights),
            table,
          },
        ]
      : []),
    ...(weights.some(({ gap }) => gap !== null)
      ? [
          {
            id: `${prefix}-gaps`,
            label: `Gap between the best option of each decision and the best of the others: largest for ${far?.name}.`,
            caption: `What another option costs: the fastest trial without the best trial's option, against the best, with the number of trials that have that option and of those that have another. A gap that few trials back may be luck.`,
            chart: gapChart(weights),
            table,
          },
        ]
      : []),
  ];
}
