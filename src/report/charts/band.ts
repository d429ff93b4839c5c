import type { ChartOption } from './chart.ts';

/** An area between two lines over the same places, in any kind of axes. */
export function bandSeries(
  name: string,
  colour: string,
  points: readonly { readonly x: number; readonly low: number; readonly high: number }[],
): ChartOption {
  const [first] = points;
  return {
    ...{ type: 'custom', name, silent: true, itemStyle: { color: colour } },
    data: first === undefined ? [] : [[first.x, first.high]],
    renderItem: (_: unknown, api: { coord(point: readonly number[]): number[] }) => ({
      type: 'polygon',
      shape: {
        points: [
          ...points.map(({ x, high }) => api.coord([x, high])),
          ...[...points].reverse().map(({ x, low }) => api.coord([x, low])),
        ],
      },
      style: { fill: colour, opacity: 0.16 },
    }),
  };
}
