import { describeWorkload } from '../operators/workload.ts';
import { printable } from '../support/printable.ts';
import type { WorkloadCheck } from '../tuner/check-workload.ts';
import { formatTime } from './quantities.ts';
import type { Colours } from './terminal.ts';

/** One workload of a project: a line that says whether it is sound, then what is wrong and what else there is to know. */
export function formatCheck(
  { workload, records, ran, exported, problems, notes }: WorkloadCheck,
  colours: Colours,
): string {
  const mark = problems.length === 0 ? colours.green('ok  ') : colours.red('FAIL');
  const bests = records.map(({ device, timeNs }) => `${formatTime(timeNs)} on ${printable(device)}`);
  const facts = [
    ...(bests.length === 0 ? [] : [bests.join(', ')]),
    ...(exported === null ? [] : [`bundle ${exported}`]),
    ...(ran === null ? ['not run here'] : [`${ran.what} ${ran.outcome}`]),
  ];
  return [
    `${mark}  ${printable(describeWorkload(workload))}: ${facts.join('; ')}`,
    ...problems.map((problem) => `      ${colours.red(printable(problem))}`),
    ...notes.map((note) => `      note: ${printable(note)}`),
  ].join('\n');
}
