import {
  axisText,
  type Chart,
  chartBase,
  colourAt,
  ink,
  legendHeight,
  nameAxis,
  valueAxis,
} from '../../src/report/charts/chart.ts';
import type { Row } from './summary.ts';

const rowHeight = 20;
const namesWidth = 330;

/** A bar per workload: how many times faster than the better peer, on a logarithmic axis, a colour per class. */
export function chartOf(rows: readonly Row[]): Chart {
  const shown = rows.flatMap((row) => (row.timesFaster === null ? [] : [{ ...row, ratio: row.timesFaster }]));
  const kinds = [...new Set(shown.map(({ measured }) => measured.kind))];
  const ratios = shown.map(({ ratio }) => ratio);
  const top = legendHeight(kinds) + 44;
  return {
    height: top + shown.length * rowHeight + 16,
    option: chartBase({
      tooltip: undefined,
      grid: { left: namesWidth, right: 56, top, bottom: 16 },
      xAxis: valueAxis('', {
        ...{ type: 'log', logBase: 2, position: 'top', min: Math.min(1, ...ratios), max: Math.max(2, ...ratios) },
        axisLabel: {
          ...axisText,
          formatter: (value: number) => String(Number(value.toFixed(2))),
        },
      }),
      yAxis: nameAxis(
        shown.map(({ measured }) => `${measured.model}: ${measured.layer}`),
        {
          ...{ inverse: true, axisLine: { show: false } },
          axisLabel: { color: ink, fontSize: 11, interval: 0, width: namesWidth - 20, overflow: 'truncate' },
        },
      ),
      series: kinds.map((kind, at) => {
        const own = shown.flatMap(({ measured, ratio }, row) => (measured.kind === kind ? [[ratio, row]] : []));
        return {
          ...{ type: 'custom', name: kind, silent: true, data: own, itemStyle: { color: colourAt(at) } },
          renderItem: (
            { dataIndex }: { readonly dataIndex: number },
            api: { coord(point: readonly unknown[]): number[] },
          ) => {
            const [ratio = 1, row = 0] = own[dataIndex] ?? [];
            const [one = 0, y = 0] = api.coord([1, row]);
            const [end = 0] = api.coord([ratio, row]);
            return {
              type: 'group',
              children: [
                {
                  type: 'rect',
                  shape: { x: Math.min(one, end), y: y - 7, width: Math.max(1, Math.abs(end - one)), height: 14, r: 2 },
                  style: { fill: colourAt(at) },
                },
                {
                  type: 'text',
                  style: {
                    ...{ text: ratio.toFixed(2), x: Math.max(one, end) + 5, y, verticalAlign: 'middle' },
                    ...{ fontSize: 11, fill: ink },
                  },
                },
              ],
            };
          },
        };
      }),
    }),
  };
}
