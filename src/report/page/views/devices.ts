import { formatCount, formatFactor, formatTime } from '../../quantities.ts';
import type { ReportCell, ReportData } from '../report-data.ts';
import { type Chart, chartBase, ink, nameAxis } from './chart.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

/** Rows of the figures; the tables have all. */
const mostRows = 40;
const rowHeight = 34;

/** Classes of a number with their colours, from the least up: the paper shows through where a class has none. */
interface Scale {
  readonly from: number;
  readonly colour: string;
}

const speedUps: readonly Scale[] = [
  { from: 0, colour: 'var(--h0)' },
  { from: 1.5, colour: 'var(--h1)' },
  { from: 3, colour: 'var(--h2)' },
  { from: 6, colour: 'var(--h3)' },
  { from: 12, colour: 'var(--h4)' },
];
const regretScale: readonly Scale[] = [
  { from: 0, colour: 'var(--h0)' },
  { from: 1.05, colour: 'var(--h1)' },
  { from: 1.2, colour: 'var(--h2)' },
  { from: 1.5, colour: 'var(--h3)' },
  { from: 2, colour: 'var(--h4)' },
];

/** A table of numbers in colour classes, with the number in each field. */
function matrixChart(
  rows: readonly string[],
  columns: readonly string[],
  fields: readonly { readonly row: string; readonly column: string; readonly value: number; readonly text: string }[],
  scale: readonly Scale[],
): Chart {
  const data = fields.map(({ row, column }) => [columns.indexOf(column), rows.indexOf(row)]);
  return {
    height: 72 + rowHeight * rows.length,
    option: chartBase({
      legend: undefined,
      tooltip: undefined,
      grid: { left: 330, right: 16, top: 56, bottom: 8 },
      xAxis: nameAxis(columns, {
        position: 'top',
        axisLabel: { color: ink, fontSize: 12, interval: 0, width: 150, overflow: 'break' },
        axisLine: { show: false },
      }),
      yAxis: nameAxis(rows, {
        inverse: true,
        axisLabel: { color: ink, fontSize: 12, interval: 0, width: 310, overflow: 'truncate' },
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
            const level = scale.findLastIndex(({ from }) => (field?.value ?? 0) >= from);
            return {
              type: 'group',
              children: [
                {
                  type: 'rect',
                  shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2, r: 3 },
                  style: { fill: scale[level]?.colour ?? 'none' },
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

function workloadRows(cells: readonly ReportCell[]): {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
} {
  return {
    rows: [...new Set(cells.map(({ workload }) => workload))].slice(0, mostRows),
    columns: [...new Set(cells.map(({ device }) => device))],
  };
}

function speedUpChart({ cells }: ReportData): Chart {
  const { rows, columns } = workloadRows(cells);
  const fields = cells.flatMap(({ workload, device, bestNs, naiveNs }) =>
    bestNs === null || !rows.includes(workload)
      ? []
      : [
          {
            row: workload,
            column: device,
            value: naiveNs === null ? 0 : naiveNs / bestNs,
            text: naiveNs === null ? formatTime(bestNs) : `${formatTime(bestNs)}, ${formatFactor(naiveNs / bestNs)}`,
          },
        ],
  );
  return matrixChart(rows, columns, fields, speedUps);
}

function regretChart({ regrets }: ReportData): Chart {
  const name = (from: string, to: string): string => `${from} → ${to}`;
  const rows = [...new Set(regrets.map(({ workload }) => workload))].slice(0, mostRows);
  const columns = [...new Set(regrets.map(({ from, to }) => name(from, to)))];
  const fields = regrets
    .filter(({ workload }) => rows.includes(workload))
    .map(({ workload, from, to, timeNs, bestNs }) => ({
      row: workload,
      column: name(from, to),
      value: timeNs / bestNs,
      text: formatFactor(timeNs / bestNs),
    }));
  return matrixChart(rows, columns, fields, regretScale);
}

/** Workloads by devices: worth a figure where there is more than one. */
export function deviceFigures(data: ReportData): readonly Figure[] {
  const { cells, regrets } = data;
  if (cells.length < 2) return [];
  const tuned = [...new Set(cells.map(({ workload }) => workload))].length;
  return [
    {
      id: 'all-speed-up',
      label: `Best times and speed-ups over the naive schedule of ${tuned} workloads by device.`,
      caption: `Best time of every workload on every device, and how many times faster than its naive schedule that is${tuned > mostRows ? `; the table has all ${formatCount(tuned)} workloads` : ''}.`,
      chart: speedUpChart(data),
      table: () =>
        tableOf(
          ['workload', 'device', 'records', 'best', 'naive', 'speed-up'],
          cells.map(({ workload, device, records, bestNs, naiveNs }) => [
            workload,
            device,
            formatCount(records),
            bestNs === null ? null : formatTime(bestNs),
            naiveNs === null ? null : formatTime(naiveNs),
            bestNs === null || naiveNs === null ? null : formatFactor(naiveNs / bestNs),
          ]),
          { caption: 'Workloads by device', numeric: [2, 3, 4, 5] },
        ),
    },
    ...(regrets.length === 0
      ? []
      : [
          {
            id: 'all-regret',
            label: "Regret: what one device's best schedule takes on another, against that one's own best.",
            caption:
              "Regret: the time of one device's best schedule on another over the best time there, for schedules that were measured on both.",
            chart: regretChart(data),
            table: () =>
              tableOf(
                ['workload', 'best of', 'on', 'takes', 'best there', 'regret'],
                regrets.map(({ workload, from, to, timeNs, bestNs }) => [
                  workload,
                  from,
                  to,
                  formatTime(timeNs),
                  formatTime(bestNs),
                  formatFactor(timeNs / bestNs),
                ]),
                { caption: 'Regret by workload and pair of devices', numeric: [3, 4, 5] },
              ),
          },
        ]),
  ];
}
