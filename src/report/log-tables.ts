import { describeWorkload, type Workload } from '../operators/workload.ts';
import type { CellStats, LogStats, Tally } from '../records/log-stats.ts';
import type { TuningRecord } from '../records/record.ts';
import { timeOf } from '../records/relative-time.ts';
import type { TopEntry } from '../records/top-table.ts';
import { printable } from '../support/printable.ts';
import type { Rates } from '../tuner/rates.ts';
import { formatCount, formatFactor, formatThroughput, formatTime } from './quantities.ts';
import { formatTable } from './table.ts';
import type { Colours } from './terminal.ts';
import { formatOutcomes } from './tune-summary.ts';

/** What some logs hold: in all, by workload and device, by device, and by outcome. */
export function formatStats({ all, cells, devices }: LogStats, files: number, colours: Colours): string {
  if (all === null) return 'the logs hold no records';
  const total = `${formatCount(all.records)} records in ${formatCount(files)} ${files === 1 ? 'file' : 'files'}, ${formatCount(all.verified)} of them verified, from ${all.first} to ${all.last}`;
  const byCell = formatTable(
    [
      { title: 'workload' },
      { title: 'device' },
      { title: 'records', align: 'right' },
      { title: 'verified', align: 'right' },
      { title: 'best', align: 'right' },
      { title: 'over naive', align: 'right' },
      { title: 'last' },
    ],
    cells.map((cell) => [
      workloadText(cell.workload),
      printable(cell.device.name),
      ...countsOf(cell),
      cell.bestNs === null ? '' : formatTime(cell.bestNs),
      overNaive(cell),
      cell.last.slice(0, 10),
    ]),
    paintTitles(colours),
  );
  const byDevice = formatTable(
    [
      { title: 'device' },
      { title: 'driver' },
      { title: 'profile' },
      { title: 'workloads', align: 'right' },
      { title: 'records', align: 'right' },
      { title: 'verified', align: 'right' },
    ],
    devices.map((stats) => [
      printable(stats.device.name),
      printable(stats.device.driver),
      stats.device.profile,
      formatCount(stats.workloads),
      ...countsOf(stats),
    ]),
    paintTitles(colours),
  );
  return [total, byCell, byDevice, `outcomes  ${formatOutcomes(all.outcomes)}`].join('\n\n');
}

function countsOf({ records, verified }: Tally): readonly [string, string] {
  return [formatCount(records), formatCount(verified)];
}

function overNaive({ bestNs, naiveNs }: CellStats): string {
  return bestNs === null || naiveNs === null ? '' : formatFactor(naiveNs / bestNs);
}

type BestEntry = Omit<TopEntry<unknown>, 'held'> & Pick<TuningRecord, 'sketch'> & Partial<Rates>;

/** The best record of every workload on every device. */
export function formatBests(bests: readonly BestEntry[], colours: Colours): string {
  if (bests.length === 0) return 'the logs hold no verified record';
  return formatTable(
    [
      { title: 'workload' },
      { title: 'device' },
      { title: 'best', align: 'right' },
      { title: 'rate', align: 'right' },
      { title: 'sketch' },
      { title: 'when' },
      { title: 'record' },
    ],
    bests.map(({ workload, device, relative, medianNs, sketch, startedAt, file, line, ...rates }) => [
      workloadText(workload),
      printable(`${device.name} (${device.driver})`),
      formatTime(timeOf({ relative, medianNs })),
      rates.flopsPerSecond === undefined || rates.bytesPerSecond === undefined
        ? ''
        : formatThroughput(rates.flopsPerSecond, rates.bytesPerSecond),
      printable(sketch ?? ''),
      startedAt.slice(0, 10),
      `${printable(file)}:${line}`,
    ]),
    paintTitles(colours),
  );
}

function workloadText(workload: Workload): string {
  return printable(describeWorkload(workload));
}

function paintTitles({ dim }: Colours): (cell: string, row: number) => string {
  return (cell, row) => (row === -1 ? dim(cell) : cell);
}
