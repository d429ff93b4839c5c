import { axisText, type Chart, chartBase, drawnWidth, ink, nameAxis } from './chart.ts';

const rowHeight = 34;
/** Pixels left and right of the fields. */
const [namesWidth, rightWidth] = [330, 16];

/** From which number on a field has the next colour, from the least up. */
export type ColourLevels = readonly [number, number, number, number, number];

/** A table of numbers in five colours, with a text in each field. */
export function matrixChart(
  rows: readonly string[],
  columns: readonly string[],
  fields: readonly { readonly row: string; readonly column: string; readonly value: number; readonly text: string }[],
  levels: ColourLevels,
): Chart {
  const data = fields.map(({ row, column }) => [columns.indexOf(column), rows.indexOf(row)]);
  const columnWidth = (drawnWidth - namesWidth - rightWidth) / columns.length;
  return {
    height: 72 + rowHeight * rows.length,
    option: chartBase({
      legend: undefined,
      tooltip: undefined,
      grid: { left: namesWidth, right: rightWidth, top: 56, bottom: 8 },
      xAxis: nameAxis(columns, {
        position: 'top',
        axisLabel: { ...axisText, color: ink, interval: 0, width: columnWidth - 8, overflow: 'break' },
        axisLine: { show: false },
      }),
      yAxis: nameAxis(rows, {
        inverse: true,
        axisLabel: { ...axisText, color: ink, interval: 0, width: namesWidth - 20, overflow: 'truncate' },
        axisLine: { show: false },
      }),
      series: [
        {
          ...{ type: 'custom', silent: true, data },
          renderItem: (
            { dataIndex }: { readonly dataIndex: number },
            api: { coord(point: readonly unknown[]): number[]; size(point: readonly number[]): number[] },
          ) => {
            const [x = 0, y = 0] = api.coord(data[dataIndex] ?? []);
            const [width = 0, height = 0] = api.size([1, 1]);
            const field = fields[dataIndex];
            const level = levels.findLastIndex((from) => (field?.value ?? 0) >= from);
            return {
              type: 'group',
              children: [
                {
                  type: 'rect',
                  shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2, r: 3 },
                  style: { fill: level < 0 ? 'none' : `var(--h${level})` },
                },
                {
                  type: 'text',
                  style: {
                    text: field?.text ?? '',
                    x,
                    y,
                    align: 'center',
                    verticalAlign: 'middle',
                    fontSize: 12,
                    fill: level >= 3 ? 'var(--on-dark)' : ink,
                  },
                },
              ],
            };
          },
        },
      ],
    }),
  };
}
