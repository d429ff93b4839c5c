import {
  axisText,
  type Chart,
  chartBase,
  colourAt,
  drawnWidth,
  ink,
  legendHeight,
  still,
  valueAxis,
} from '../../src/report/charts/chart.ts';
import { measures } from './measures.ts';
import { allKinds, type Row } from './tables.ts';

const panel = { left: 44, gap: 40, height: 230 };

/** Ansor's Figure 3: one panel per measure over the fraction of decisions made, one line per class, all classes together in bold. */
export function chartOf(rows: readonly Row[]): Chart {
  const kinds = [...new Set(rows.map(({ kind }) => kind))].filter((kind) => kind !== allKinds);
  const lines = [...kinds, ...(rows.some(({ kind }) => kind === allKinds) ? [allKinds] : [])];
  const top = legendHeight(lines) + 36;
  const width = (drawnWidth - panel.left - 16 - panel.gap * (measures.length - 1)) / measures.length;
  return {
    height: top + panel.height + 48,
    option: chartBase({
      tooltip: undefined,
      grid: measures.map((_, m) => ({
        ...{ left: panel.left + m * (width + panel.gap), top, width, height: panel.height },
      })),
      xAxis: measures.map((_, m) =>
        valueAxis('decisions made', {
          ...{ gridIndex: m, min: 0, max: 1, interval: 0.5, nameGap: 30, splitLine: { show: false } },
          axisLabel: { ...axisText, formatter: (value: number) => `${100 * value}%` },
        }),
      ),
      yAxis: measures.map((measure, m) =>
        valueAxis(measure, {
          ...{ gridIndex: m, min: 0, max: 1, interval: 0.25, nameLocation: 'end', nameGap: 8 },
          nameTextStyle: { ...axisText, color: ink },
        }),
      ),
      series: measures.flatMap((_, m) =>
        lines.map((kind, at) => {
          const colour = kind === allKinds ? ink : colourAt(at);
          return {
            ...{ type: 'line', name: kind, xAxisIndex: m, yAxisIndex: m, symbol: 'none', silent: true },
            data: rows
              .filter((row) => row.kind === kind && !Number.isNaN(row.figures[m] as number))
              .map(({ fraction, figures }) => [fraction, figures[m]]),
            lineStyle: { color: colour, width: kind === allKinds ? 3 : 1.5 },
            itemStyle: { color: colour },
            ...still,
          };
        }),
      ),
    }),
  };
}
