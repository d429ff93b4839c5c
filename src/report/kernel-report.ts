import { hasColdCaches } from '../device/caches.ts';
import { quartileSpread } from '../measure/sampling/statistics.ts';
import { describeWorkload } from '../operators/workload.ts';
import { type RelativeTime, timeOf } from '../records/relative-time.ts';
import { printable } from '../support/printable.ts';
import type { BestKernel, RunResult } from '../tuner/events.ts';
import type { NearestKernel } from '../tuner/learning/nearest-kernel.ts';
import { neighbourName } from '../tuner/learning/neighbours.ts';
import { decisionsText } from './decisions.ts';
import { formatCount, formatThroughput, formatTime } from './quantities.ts';
import { formatFacts } from './table.ts';
import type { Colours } from './terminal.ts';

/** Whose record it is, in words: never another device's time in disguise. */
export function whoseText({
  whose,
  device,
  differs,
  shipped = false,
}: Pick<BestKernel, 'whose' | 'device' | 'differs'> & Partial<Pick<BestKernel, 'shipped'>>): string {
  const other = printable(`${device.name} (${device.driver}, ${device.profile})`);
  const from = shipped ? ', by the logs that ship with wgtune' : '';
  switch (whose) {
    case 'same-device':
      return `${shipped ? 'a device like this one' : 'this device'} (${printable(device.name)})${from}`;
    case 'same-architecture':
      return `${sameHardware(differs) ? 'this hardware, set up otherwise' : 'another device of the same architecture'}: ${other}, which differs in ${differs.join(', ')}${from}`;
    case 'other-device':
      return `another device: ${other}${from}`;
  }
}

/** Facts that may change on the same hardware, as with a new driver. A description often names the driver; an environment names the processor. */
const setUp: ReadonlySet<string> = new Set(['description', 'driver', 'dawnVersion', 'profile', 'toggles']);

function sameHardware(differs: readonly string[]): boolean {
  return differs.every((fact) => setUp.has(fact));
}

/** The best known kernel, and the file and line of its record. */
export function formatBest(
  kernel: BestKernel,
  rates: { readonly flopsPerSecond: number; readonly bytesPerSecond: number },
  commands: readonly string[],
  colours: Colours,
): string {
  const facts: [string, string][] = [
    [
      'time',
      `${colours.green(formatTime(kernel.timeNs))}  ${formatThroughput(rates.flopsPerSecond, rates.bytesPerSecond)}`,
    ],
    ...packedFact(kernel.packNs),
    ['measured on', whoseText(kernel)],
    ['schedule', decisionsText(kernel)],
    ['when', kernel.startedAt],
    [
      'record',
      `${printable(kernel.record)}${kernel.place === null ? '' : ` in ${printable(kernel.place.file)}:${kernel.place.line}`}`,
    ],
  ];
  const next = commands.map((command) => `  ${command}`).join('\n');
  return `${colours.bold(describeWorkload(kernel.workload))}\n${formatFacts(facts, colours.dim)}\n\nnext\n${next}`;
}

/** A schedule that was never measured for the workload, and says so. */
export function formatNearest(
  { workload, from, sketch, decisions }: NearestKernel,
  commands: readonly string[],
  colours: Colours,
): string {
  const facts: [string, string][] = [
    ['time', 'not known: nothing of this workload is in the logs'],
    ['nearest known', `${printable(neighbourName(from))}, where the schedule took ${formatTime(from.timeNs)}`],
    ['schedule', `${decisionsText({ sketch, decisions })}`],
  ];
  const next = commands.map((command) => `  ${command}`).join('\n');
  return `${colours.bold(describeWorkload(workload))}\n${formatFacts(facts, colours.dim)}\n\nnext\n${next}`;
}

/** What the time leaves out. */
const packedFact = (packNs: number | null): [string, string][] =>
  packNs === null ? [] : [['packing', `${formatTime(packNs)}, once: constant inputs are laid out anew`]];

/** A schedule verified and timed: what it was, whether it is right, how fast. */
export function formatRun(
  { workload, device, result, flopsPerSecond, bytesPerSecond, nearest }: RunResult,
  what: string,
  colours: Colours,
): string {
  const { verification, outcome } = result;
  const facts: [string, string][] = [
    [
      'schedule',
      nearest === null
        ? what
        : `that of the nearest known workload, refitted: ${printable(neighbourName(nearest.from))}`,
    ],
    [
      'outcome',
      outcome === 'ok' ? colours.green('ok') : outcome === 'unstable' ? colours.yellow(outcome) : colours.red(outcome),
    ],
  ];
  if (verification !== null) {
    const { checked, wrong, maxError } = verification;
    const worst = maxError === 0 ? 'exact' : `largest difference ${maxError.toPrecision(2)}`;
    facts.push([
      'verified',
      `${formatCount(checked)} outputs compared, ${wrong === 0 ? 'all right' : `${formatCount(wrong)} wrong`} (${worst})`,
    ]);
  }
  const timeNs = timeOf(result);
  if (timeNs !== null) {
    facts.push([
      'time',
      `${formatTime(timeNs)} (${howTimed(result.relative)})${flopsPerSecond === null || bytesPerSecond === null ? '' : `  ${formatThroughput(flopsPerSecond, bytesPerSecond)}`}`,
    ]);
    const { pack } = result.phasesMs;
    facts.push(...packedFact(pack === undefined ? null : pack * 1e6));
    facts.push(['spread', spreadText(result.samplesNs, result.clock)]);
  }
  const caches = hasColdCaches(device) ? ', cold caches' : '';
  return `${colours.bold(`${describeWorkload(workload)} on ${device.name}${caches}`)}\n${formatFacts(facts, colours.dim)}`;
}

/** Whether the time is from quiet moments of the machine, or how else it was made. */
function howTimed(relative: RelativeTime | null): string {
  if (relative === null) return 'median';
  return relative.calm > 0 ? 'on the quiet machine' : 'scaled by the references: the machine was never quiet';
}

/** `1.20 ms to 1.31 ms in 12 samples, middle half 2.1% of the median apart, by the device's clock` */
function spreadText(samples: readonly number[], clock: 'timestamp' | 'wall' | null): string {
  const spread = quartileSpread(samples);
  const range = `${formatTime(Math.min(...samples))} to ${formatTime(Math.max(...samples))} in ${samples.length} samples`;
  const middle = spread === null ? [] : [`the middle half within ${(spread * 100).toFixed(1)}% of the median`];
  return [range, ...middle, `by ${clock === 'timestamp' ? "the device's clock" : 'the wall clock'}`].join(', ');
}
