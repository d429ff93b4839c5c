import { type Curve, mean, quantile, reachedAfter } from '../../search/recorded/curve.ts';
import { bandSeries } from './band.ts';
import {
  axisText,
  type Chart,
  type ChartOption,
  chartBase,
  colourAt,
  legendHeight,
  still,
  valueAxis,
} from './chart.ts';

/** The curves of one way of searching, with what it is called. */
interface CurveSeries {
  readonly name: string;
  readonly curves: readonly Curve[];
}

/** Fraction of the optimum over trials: the mean of the curves of each series as a line, the range between two quantiles as a band. */
export function curvesChart(
  series: readonly CurveSeries[],
  trials: number,
  [low, high]: readonly [number, number],
): Chart {
  const shown = Array.from({ length: trials }, (_, trial) => trial + 1);
  const top = legendHeight(series.map(({ name }) => name)) + 20;
  return {
    height: 360 + top,
    option: chartBase({
      grid: { left: 64, right: 24, top, bottom: 56 },
      // Early trials matter as much as late ones.
      xAxis: valueAxis('trials', {
        ...{ type: 'log', logBase: 2, min: 1, max: Math.max(2, trials), nameGap: 30 },
        splitLine: { show: false },
        axisLabel: { ...axisText, showMaxLabel: true },
      }),
      yAxis: valueAxis('fraction of the optimum', { min: 0, max: 1, interval: 0.1 }),
      series: series.flatMap(({ name, curves }, at): ChartOption[] => {
        const points = shown.map((x) => {
          const reached = curves.map((curve) => reachedAfter(curve, x));
          return { x, low: quantile(reached, low), middle: mean(reached), high: quantile(reached, high) };
        });
        return [
          bandSeries(name, colourAt(at), points),
          {
            ...{ type: 'line', name, symbol: 'none', silent: true },
            data: points.map(({ x, middle }) => [x, middle]),
            lineStyle: { color: colourAt(at), width: 2, type: at < 8 ? 'solid' : 'dashed' },
            itemStyle: { color: colourAt(at) },
            ...still,
          },
        ];
      }),
    }),
  };
}
