import { geometricMean } from '../../../measure/sampling/statistics.ts';
import type { Chart } from '../../charts/chart.ts';
import { type ColourLevels, matrixChart } from '../../charts/matrix.ts';
import { formatCount, formatFactor, formatTime } from '../../quantities.ts';
import type { ReportCell, ReportData } from '../report-data.ts';
import type { Figure } from './figure.ts';
import { tableOf } from './html.ts';

/** Rows of the figures; the tables have all. */
const mostRows = 40;
/** Columns of which a field can hold a time and a factor. */
const mostWide = 6;
/** Where there are more pairs of devices, their fields would be narrower than a factor and their names: a field then stands for all workloads. */
const mostPairs = 4;

const speedUps: ColourLevels = [0, 1.5, 3, 6, 12];
const regretLevels: ColourLevels = [0, 1.05, 1.2, 1.5, 2];

function workloadRows(cells: readonly ReportCell[]): {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
} {
  return {
    rows: [...new Set(cells.map(({ workload }) => workload))].slice(0, mostRows),
    columns: [...new Set(cells.map(({ device }) => device))],
  };
}

/** Time and speed-up, or the speed-up alone where fields are too narrow for both. */
function fieldText(bestNs: number, naiveNs: number | null, columns: number): string {
  if (naiveNs === null) return formatTime(bestNs);
  const factor = formatFactor(naiveNs / bestNs);
  return columns > mostWide ? factor : `${formatTime(bestNs)}, ${factor}`;
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
            text: fieldText(bestNs, naiveNs, columns.length),
          },
        ],
  );
  return matrixChart(rows, columns, fields, speedUps);
}

function pairsOf(regrets: ReportData['regrets']): readonly string[] {
  return [...new Set(regrets.map(({ from, to }) => `${from} → ${to}`))];
}

/** Pairs of devices by workload, or devices by devices where there are many pairs. */
function regretChart(regrets: ReportData['regrets']): Chart {
  const pairs = pairsOf(regrets);
  if (pairs.length > mostPairs) return meanRegretChart(regrets);
  const rows = [...new Set(regrets.map(({ workload }) => workload))].slice(0, mostRows);
  const fields = regrets
    .filter(({ workload }) => rows.includes(workload))
    .map(({ workload, from, to, timeNs, bestNs }) => ({
      row: workload,
      column: `${from} → ${to}`,
      value: timeNs / bestNs,
      text: formatFactor(timeNs / bestNs),
    }));
  return matrixChart(rows, pairs, fields, regretLevels);
}

function meanRegretChart(regrets: ReportData['regrets']): Chart {
  const rows = [...new Set(regrets.map(({ from }) => from))].slice(0, mostRows);
  const columns = [...new Set(regrets.map(({ to }) => to))];
  const fields = rows.flatMap((row) =>
    columns.flatMap((column) => {
      const own = regrets.filter(({ from, to }) => from === row && to === column);
      if (own.length === 0) return [];
      const value = geometricMean(own.map(({ timeNs, bestNs }) => timeNs / bestNs));
      return [{ row, column, value, text: `${formatFactor(value)} (${formatCount(own.length)})` }];
    }),
  );
  return matrixChart(rows, columns, fields, regretLevels);
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
            caption: `Regret: the time of one device's best schedule on another over the best time there, for schedules that were measured on both${pairsOf(regrets).length > mostPairs ? ': best of the row on the device of the column, geometric mean of so many workloads; the table has each' : ''}.`,
            chart: regretChart(regrets),
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
