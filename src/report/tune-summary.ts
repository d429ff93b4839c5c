import { hasColdCaches } from '../device/caches.ts';
import { describeWorkload } from '../operators/workload.ts';
import type { Outcome } from '../records/outcome.ts';
import { printable } from '../support/printable.ts';
import type {
  LearningResult,
  OutcomeTally,
  PackingResult,
  PruneSummary,
  ReuseResult,
  TuneResult,
} from '../tuner/events.ts';
import { decisionsText } from './decisions.ts';
import {
  compareToNaive,
  formatCount,
  formatDuration,
  formatFactor,
  formatThroughput,
  formatTime,
} from './quantities.ts';
import { formatFacts } from './table.ts';
import type { Colours } from './terminal.ts';

const stops: Readonly<Record<TuneResult['stoppedBy'], string>> = {
  trials: '',
  time: ', stopped by the time limit',
  patience: ', stopped because the last of them brought nothing',
  exhausted: ', no candidate is left',
  interrupted: ', interrupted',
};

/** What a tuning run found, where its record is, and the given commands to go on with. */
export function formatTuneSummary(
  result: TuneResult,
  trialsAsked: number,
  commands: readonly string[],
  colours: Colours,
): string {
  const { workload, device, best, elapsedMs, spentMs, stoppedBy } = result;
  const facts: [string, string][] = [
    ['best', bestText(result, colours)],
    ...(best === null ? [] : [['schedule', decisionsText(best)] satisfies [string, string]]),
    ...(result.packing === null ? [] : [['packing', packingText(result.packing)] satisfies [string, string]]),
    ['trials', `${result.trials} of ${trialsAsked} in ${formatDuration(elapsedMs)}${stops[stoppedBy]}`],
    ...(result.reuse === null ? [] : [['reused', reuseText(result.reuse, result)] satisfies [string, string]]),
    ...(result.learning === null ? [] : learningFacts(result.learning, result)),
    ['outcomes', outcomesText(result)],
    ['pruned', prunedText(result.pruned)],
    ...(result.pruned.judged === 0 ? [] : [['cut', cutText(result.pruned)] satisfies [string, string]]),
    ...(result.pruned.deaths.length === 0
      ? []
      : [['beam', deathsText(result.pruned.deaths)] satisfies [string, string]]),
    [
      'time',
      `${formatDuration(spentMs.measure)} measuring, ${formatDuration(spentMs.propose)} searching (${result.search}), ${formatDuration(spentMs.fit)} learning (${result.model})`,
    ],
    ...machineFacts(result),
    ...driftFacts(result.drift),
    ['log', result.logPath ?? `nothing new to record in ${result.logFolder}`],
  ];
  const caches = hasColdCaches(device) ? ', cold caches' : '';
  const title = colours.bold(`${describeWorkload(workload)} on ${device.name}${caches}`);
  const next = commands.length === 0 ? '' : `\n\nnext\n${commands.map((command) => `  ${command}`).join('\n')}`;
  return `${title}\n${formatFacts(facts, colours.dim)}${next}`;
}

/** `0.91 ms a run with constant inputs laid out anew, which takes 3.1 ms once; 1.05 ms without`: of either kind the fastest. */
function packingText({ withNs, packNs, withoutNs }: PackingResult): string {
  const without = withoutNs === null ? '' : `; ${formatTime(withoutNs)} without`;
  return `${formatTime(withNs)} a run with constant inputs laid out anew, which takes ${formatTime(packNs)} once${without}`;
}

/** Why there is no best kernel: how the trials ended, counted. */
export function whyNoneText(outcomes: OutcomeTally): string {
  const counted = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  if (counted.length === 0) return 'no kernel was tried';
  const [first] = counted;
  if (counted.length === 1 && first?.[0] === 'wrong-answer') return 'no kernel gave the right answer';
  return `no kernel was built, run and verified: ${counted.map(([outcome, count]) => `${formatCount(count)} ${endings[outcome as Outcome] ?? outcome}`).join(', ')}`;
}

const endings: Partial<Record<Outcome, string>> = {
  refused: 'refused before building',
  'build-error': 'did not build',
  'build-timeout': 'took too long to build',
  'run-timeout': 'took too long to run',
  crash: 'crashed the device process',
  'device-lost': 'lost the device',
  'out-of-memory': 'ran out of memory',
  'wrong-answer': 'gave a wrong answer',
  unstable: 'could not be timed steadily',
};

function bestText(
  { best, naiveNs, flopsPerSecond, bytesPerSecond, bestFromLog, outcomes }: TuneResult,
  colours: Colours,
): string {
  if (best === null) return colours.red(`none: ${whyNoneText(outcomes)}`);
  return [
    colours.green(formatTime(best.timeNs)),
    ...(flopsPerSecond === null || bytesPerSecond === null ? [] : [formatThroughput(flopsPerSecond, bytesPerSecond)]),
    ...(naiveNs === null ? [] : [colours.green(compareToNaive(best.timeNs, naiveNs))]),
    ...(bestFromLog ? ['(found by an earlier run)'] : []),
  ].join('  ');
}

/** Said only when the machine was disturbed for long enough that a person notices, or where the disturbance affected the times. */
function machineFacts({ disturbance, race }: TuneResult): [string, string][] {
  const facts: [string, string][] = [];
  if (disturbance !== null && (disturbance.waitedMs >= noticedMs || disturbance.scaled > 0)) {
    const { waitedMs, timed, scaled } = disturbance;
    const never = `${formatCount(scaled)} of ${formatCount(timed)} trials had too few quiet moments, their times are scaled by the references'`;
    const marks =
      scaled === 0
        ? ''
        : scaled === timed
          ? `; it was never quiet: all times are scaled by the references'`
          : `; ${never}`;
    facts.push([
      'machine',
      `others use it: ${formatDuration(waitedMs)} waiting for quiet moments (WGTUNE_QUIET_WAIT=0 spares that)${marks}`,
    ]);
  }
  if (race !== null && !race.decided)
    facts.push([
      'race',
      `not decided in its time: others of the ${formatCount(race.contestants)} kernels timed in turn at the end may be as fast`,
    ]);
  return facts;
}

const noticedMs = 1000;

/** Said only when the machine drifted. */
function driftFacts({ remeasured, drifted, worst }: TuneResult['drift']): [string, string][] {
  if (drifted === 0 || worst === null) return [];
  const most = worst > 1 ? `${formatFactor(worst)} slower` : `${formatFactor(1 / worst)} faster`;
  const text = `${formatCount(drifted)} of ${formatCount(remeasured)} measurements of a kernel made again moved by more than their samples explain, at most ${most}`;
  return [['drift', text]];
}

/** What was reused from other devices, and what it gave: the time the run began with, and how much faster the best is now. */
function reuseText({ devices, measured, unfit, bestNs }: ReuseResult, { best, naiveNs }: TuneResult): string {
  const from = `${formatCount(measured)} ${measured === 1 ? 'schedule' : 'schedules'} of ${printable(devices.join(', '))}`;
  const left = unfit === 0 ? '' : ` (${formatCount(unfit)} more do not fit this device)`;
  if (bestNs === null) return `${from}${left}: none gave a right answer and a steady time here`;
  const start = `the fastest takes ${formatTime(bestNs)} here`;
  const factor = naiveNs === null ? '' : `, ${formatFactor(naiveNs / bestNs)} over naive`;
  const after =
    best === null || best.timeNs >= bestNs
      ? 'nothing faster was found since'
      : `the best is ${formatFactor(bestNs / best.timeNs)} faster`;
  return `${from}${left}: ${start}${factor}; ${after}`;
}

/** What was learned elsewhere and what it weighed in the end; what near shapes gave; how soon the run was near its best. */
function learningFacts(learning: LearningResult, { best, trials }: TuneResult): [string, string][] {
  const { sources, neighbours, neighboursNs, nearBestAt } = learning;
  const weighed = sources.map(({ name, records, weight }) => {
    const from = records === 0 ? '' : `${formatCount(records)} ${records === 1 ? 'record' : 'records'}, `;
    const how =
      weight === null
        ? 'not asked by this search'
        : weight === 0
          ? 'dropped: it contradicts what was measured here'
          : `weight ${weight.toFixed(2)}`;
    return `${printable(name)} (${from}${how})`;
  });
  const near =
    nearBestAt === null
      ? ''
      : `; within 5% of the best after ${formatCount(nearBestAt)} of ${formatCount(trials)} trials`;
  const facts: [string, string][] = [];
  if (weighed.length > 0) facts.push(['learned from', `${weighed.join(', ')}${near}`]);
  if (neighbours.length > 0) {
    const from = `${formatCount(neighbours.length)} ${neighbours.length === 1 ? 'schedule' : 'schedules'} of near shapes`;
    const share =
      best === null || neighboursNs === null
        ? ''
        : `, ${Math.round((100 * best.timeNs) / neighboursNs)}% of the best's speed`;
    facts.push([
      'near shapes',
      neighboursNs === null
        ? `${from}: none gave a right answer and a steady time here`
        : `${from}: the fastest takes ${formatTime(neighboursNs)} here${share}`,
    ]);
  }
  return facts;
}

/** The run also times the naive schedule, and the best once more beside it: their outcomes are in the tally, but they are no trials. */
function outcomesText({ outcomes, trials }: TuneResult): string {
  const further = Object.values(outcomes).reduce((total, count) => total + count, 0) - trials;
  if (further <= 0) return formatOutcomes(outcomes);
  return `${formatOutcomes(outcomes)} (${formatCount(further)} of them for the comparison with the naive schedule)`;
}

/** `62 ok, 2 wrong-answer`, most frequent first. */
export function formatOutcomes(outcomes: OutcomeTally): string {
  const counted = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  return counted.length === 0
    ? 'none'
    : counted.map(([outcome, count]) => `${formatCount(count)} ${outcome}`).join(', ');
}

/** A reader wants to know what was refused most; --json has the rest. */
const mostReasons = 5;

function prunedText({ looked, reasons }: TuneResult['pruned']): string {
  const seen = `${formatCount(totalOf(reasons))} of ${formatCount(looked)} prefixes refused before building`;
  if (reasons.length === 0) return seen;
  const named = reasons.slice(0, mostReasons).map(({ reason, count }) => `${formatCount(count)} ${reason}`);
  const further = reasons.slice(mostReasons);
  if (further.length > 0) named.push(`${formatCount(totalOf(further))} for other reasons (--json)`);
  return `${seen}: ${named.join(', ')}; ${placesText(reasons)}`;
}

const judgements: Readonly<Record<string, string>> = {
  outscored: 'outscored',
  'no-completion': 'without a legal completion',
};

function cutText({ judged, cut }: TuneResult['pruned']): string {
  const seen = `${formatCount(totalOf(cut))} of ${formatCount(judged)} legal prefixes in beams`;
  const parts = cut.map((one) => {
    const { reason, count } = one;
    return `${formatCount(count)} ${judgements[reason] ?? reason} (${placesText([one])})`;
  });
  return parts.length === 0 ? seen : `${seen}: ${parts.join(', ')}`;
}

function totalOf(reasons: PruneSummary): number {
  return reasons.reduce((total, { count }) => total + count, 0);
}

const mostPlaces = 5;

/** `150 at decision 3, 30 at 4, 20 at 7`: all of these reasons together, at the decisions with the most; --json has the rest. */
function placesText(reasons: PruneSummary): string {
  const deepest = Math.max(...reasons.map(({ depths }) => depths.length));
  const all = Array.from({ length: deepest }, (_, depth) => ({
    depth,
    count: reasons.reduce((sum, { depths }) => sum + (depths[depth] ?? 0), 0),
  })).filter(({ count }) => count > 0);
  const told = [...all].sort((a, b) => b.count - a.count || a.depth - b.depth).slice(0, mostPlaces);
  const text = all
    .filter((place) => told.includes(place))
    .map(({ count, depth }, at) => `${formatCount(count)} at ${at === 0 ? 'decision ' : ''}${depth}`)
    .join(', ');
  return all.length > told.length ? `most of them ${text}` : text;
}

/** `died 3 times and went on wider, a decision before: 2 at decision 5 (step-not-divided), 1 at decision 7 (code-size)`. */
function deathsText(deaths: TuneResult['pruned']['deaths']): string {
  const total = deaths.reduce((sum, { count }) => sum + count, 0);
  const parts = deaths.map(({ depth, reason, count }) => `${formatCount(count)} at decision ${depth} (${reason})`);
  return `died ${formatCount(total)} times and went on wider, a decision before: ${parts.join(', ')}`;
}
