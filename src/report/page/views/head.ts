import { decisionsText } from '../../decisions.ts';
import { escaped } from '../../escaped.ts';
import {
  compareToNaive,
  formatCount,
  formatDuration,
  formatFactor,
  formatRate,
  formatThroughput,
  formatTime,
} from '../../quantities.ts';
import type { Subject } from '../report-data.ts';

/** What a reader asks first: how fast, against what, how near to the roof, by which command, and what to distrust. */
export function headHtml(subject: Subject): string {
  const { device, runs, records, roof, best } = subject;
  const trial = best === null ? null : (subject.trials[best] ?? null);
  const facts: [string, string][] = [
    ['Workload', subject.title],
    [
      'Device',
      `${device.name}: ${[...new Set([device.description || device.device, device.driver])].join(', ')}, ${device.backend}, profile ${device.profile}, Dawn ${device.dawnVersion}`,
    ],
    ...(trial === null || trial.timeNs === null
      ? [['Best', 'none: no kernel was built, run and found right'] satisfies [string, string]]
      : bestFacts(subject, trial.timeNs)),
    ...(trial === null ? [] : [['Schedule', decisionsText(trial).replace(/\s+/g, ' ')] satisfies [string, string]]),
    ['Roofline', roofText(roof, trial?.timeNs ?? null)],
    [
      'Records',
      `${formatCount(records)} of ${formatCount(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}${records > subject.trials.length ? `; ${formatCount(subject.trials.length)} are drawn: the best, failures, and a sample of the rest` : ''}`,
    ],
    ['Outcomes', outcomesText(subject)],
    ...runs
      .slice(-mostRuns)
      .flatMap((run): [string, string][] => [
        [runs.length === 1 ? 'Command' : `Run of ${run.startedAt.slice(0, 19).replace('T', ' ')}`, commandText(run)],
      ]),
    ['Searched', searchedText(subject)],
    ['Drift', driftText(subject.drift)],
    ['Refusals', refusalsText(subject)],
    ['Limits', limitsText(subject)],
  ];
  return `<dl class=facts>${facts.map(([name, text]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(text)}</dd></div>`).join('')}</dl>`;
}

const mostRuns = 6;

function bestFacts({ naiveNs, roof }: Subject, timeNs: number): [string, string][] {
  const rates = roof === null ? '' : `, ${formatThroughput((roof.flops / timeNs) * 1e9, (roof.bytes / timeNs) * 1e9)}`;
  return [
    ['Best', `${formatTime(timeNs)}${rates}`],
    ['Against naive', naiveNs === null ? 'the naive schedule was not timed' : compareToNaive(timeNs, naiveNs)],
  ];
}

function roofText(roof: Subject['roof'], timeNs: number | null): string {
  if (roof === null) return 'unknown: the operator is not known here';
  if (roof.peaks === null || roof.leastNs === null)
    return 'not recorded: the run measured no peaks of the device (it does from 33 trials on, in f32)';
  const bound = roof.flops / roof.peaks.flopsPerNs > roof.bytes / roof.peaks.bytesPerNs ? 'arithmetic' : 'moving data';
  const peaks = `measured peaks ${formatRate(roof.peaks.flopsPerNs * 1e9)} and ${formatThroughput(0, roof.peaks.bytesPerNs * 1e9)} from the nearest cache`;
  const share = timeNs === null ? '' : `${((100 * roof.leastNs) / timeNs).toPrecision(3)}% of it reached; `;
  return `${share}bound by ${bound}, at least ${formatTime(roof.leastNs)}; ${peaks}`;
}

function outcomesText({ outcomes }: Subject): string {
  return Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${formatCount(count)} ${outcome}`)
    .join(', ');
}

/** The command that started a run, its seed, and how far it came. */
function commandText({ launch, seed, records, seconds, tool }: Subject['runs'][number]): string {
  const words = launch?.command?.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  const limit = launch?.timeLimitMs == null ? '' : `, time limit ${formatDuration(launch.timeLimitMs)}`;
  const asked = launch === null ? '' : `; asked for ${formatCount(launch.trials)} trials${limit}`;
  return `${words ?? 'command not recorded'} (seed ${seed}, wgtune ${tool}${asked}; ${formatCount(records)} records in ${formatDuration(seconds * 1000)})`;
}

function searchedText({ runs }: Subject): string {
  const run = runs.at(-1);
  const by = `${run?.search ?? 'no search'} with ${run?.model ?? 'no model'}`;
  const sketches = run?.launch?.sketches;
  if (sketches === undefined) return `by ${by}; the size of the space is not recorded`;
  const size = sketches.reduce((sum, sketch) => sum + sketch.size, 0);
  return `${formatCount(size)} candidates before pruning in ${formatCount(sketches.length)} sketches (${sketches.map(({ name }) => name).join(', ')}), by ${by}`;
}

function driftText(drift: Subject['drift']): string {
  if (drift.length === 0) return 'no kernel was timed twice in one run';
  const beyond = drift.filter((one) => one.beyond);
  const size = (ratio: number): number => Math.max(ratio, 1 / ratio);
  const worst = drift.reduce((a, b) => (size(b.ratio) > size(a.ratio) ? b : a)).ratio;
  const most = worst > 1 ? `${formatFactor(worst)} slower` : `${formatFactor(1 / worst)} faster`;
  return `${formatCount(beyond.length)} of ${formatCount(drift.length)} kernels timed again moved by more than their samples explain; the largest move was ${most}`;
}

function refusalsText({ trials, runs }: Subject): string {
  const refused = runs.flatMap(({ rounds }) => rounds.flatMap(({ pruned }) => (pruned === undefined ? [] : [pruned])));
  const count = refused.reduce(
    (sum, one) => sum + Object.values(one.refused).reduce((all, depths) => all + depths.reduce((a, b) => a + b, 0), 0),
    0,
  );
  const looked = refused.reduce((sum, one) => sum + one.looked, 0);
  const against = trials.filter((trial) => trial.against !== null);
  const failed = trials.filter(({ outcome }) => outcome !== 'ok').length;
  const prefixes =
    refused.length === 0
      ? 'pruned prefixes not recorded'
      : `${formatCount(count)} of ${formatCount(looked)} prefixes refused before building`;
  const doubted =
    against.length === 0 ? '' : `; ${formatCount(against.length)} times do not count, as they are refuted or doubted`;
  return `${prefixes}; ${formatCount(failed)} trials ended without a time that counts${doubted}`;
}

function limitsText({ device: { limits } }: Subject): string {
  const sub = limits.subgroupMaxSize > 0 ? `, subgroups of ${limits.subgroupMinSize} to ${limits.subgroupMaxSize}` : '';
  return `${formatCount(limits.maxComputeInvocationsPerWorkgroup)} invocations and ${formatCount(limits.maxComputeWorkgroupStorageSize)} bytes of memory a workgroup, ${formatCount(limits.maxStorageBuffersPerShaderStage)} storage buffers${sub}`;
}
