import { describeWorkload } from '../operators/workload.ts';
import { printable } from '../support/printable.ts';
import type { TuneResult } from '../tuner/events.ts';
import { formatDuration, formatFactor, formatThroughput, formatTime } from './quantities.ts';
import { markdownTable } from './table.ts';
import { formatOutcomes, whyNoneText } from './tune-summary.ts';

/** What a tuning run found, as a Markdown table of one row. */
export function tuneMarkdown({
  workload,
  device,
  best,
  naiveNs,
  speedup,
  flopsPerSecond,
  bytesPerSecond,
  trials,
  elapsedMs,
  outcomes,
}: TuneResult): string {
  const rate =
    flopsPerSecond === null || bytesPerSecond === null ? '' : formatThroughput(flopsPerSecond, bytesPerSecond);
  return markdownTable(
    ['workload', 'device', 'best', 'throughput', 'naive', 'speed-up', 'trials', 'outcomes'],
    [
      [
        printable(describeWorkload(workload)),
        printable(device.name),
        best === null ? whyNoneText(outcomes) : formatTime(best.timeNs),
        rate,
        naiveNs === null ? '' : formatTime(naiveNs),
        speedup === null ? '' : formatFactor(speedup),
        `${trials} in ${formatDuration(elapsedMs)}`,
        formatOutcomes(outcomes),
      ],
    ],
  );
}
