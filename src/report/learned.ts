import { printable } from '../support/printable.ts';
import type { LearnResult } from '../tuner/learning/learn.ts';
import { formatCount, formatDuration } from './quantities.ts';
import { formatFacts } from './table.ts';

const mostListed = 8;

/** What a model was learned from. */
export function formatLearned(out: string, { learnedFrom, read, unfit, left, elapsedMs }: LearnResult): string {
  const { records, devices, workloads, onDevices, ofWorkloads } = learnedFrom;
  const listed = (names: readonly string[], all: number): string => {
    const told = names.slice(0, mostListed).map(printable).join(', ');
    return all > Math.min(names.length, mostListed)
      ? `${told} and ${formatCount(all - Math.min(names.length, mostListed))} more`
      : told;
  };
  const others = [
    ...(unfit === 0 ? [] : [`${formatCount(unfit)} teach nothing: measured twice, or not made by today's sketches`]),
    ...(left === 0 ? [] : [`${formatCount(left)} were left out because there are too many`]),
  ];
  const facts: [string, string][] = [
    ['model', out],
    ['learned from', `${formatCount(records)} of ${formatCount(read)} records in ${formatDuration(elapsedMs)}`],
    ...(others.length === 0 ? [] : [['others', others.join('; ')] satisfies [string, string]]),
    [
      'devices',
      listed(
        onDevices.map(({ device, records: own }) => `${device}: ${formatCount(own)}`),
        devices,
      ),
    ],
    [
      'workloads',
      listed(
        ofWorkloads.map(({ workload, records: own }) => `${workload}: ${formatCount(own)}`),
        workloads,
      ),
    ],
  ];
  return `${formatFacts(facts, (text) => text)}\n\nnext\n  wgtune tune <operator> -s <sizes> --model ${out}`;
}
