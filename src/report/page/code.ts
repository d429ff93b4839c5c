import { usualCosts } from '../../cost-model/kernel-costs.ts';
import { costTermNames } from '../../features/cost-terms.ts';
import { featureCount, rowLength } from '../../features/extractor.ts';
import type { DeviceDescription } from '../../ir/limits.ts';
import type { Workload } from '../../operators/workload.ts';
import type { LogFault } from '../../records/log-fault.ts';
import { foldLines, recordOfLine } from '../../records/log-reader.ts';
import type { TuningRecord } from '../../records/record.ts';
import { printTrace } from '../../schedule/replay.ts';
import type { Trace } from '../../schedule/trace.ts';
import { estimateNames, estimateTable } from '../../space/kernel-estimate.ts';
import { explainRefusal, isRefusal } from '../../support/refusal.ts';
import { kernelOf } from '../../tuner/build.ts';
import { formatWgsl } from '../wgsl-listing.ts';
import { loopsWithCosts } from './loop-costs.ts';
import type { ReportCode, ReportTrial } from './report-data.ts';
import type { SubjectSpace } from './subject-space.ts';

/** Runners-up, trials at the quartiles of the times, and failures whose code is in the report. */
const runnersUp = 4;
const mostFailures = 2;
const mostCodes = 16;

/**
 * The code of the trials that a person compares with the best: the naive schedule, the runners-up, hand-made schedules, the fastest of every other
 * sketch, one at each quartile of the times, the slowest, and failures. The best comes first.
 */
export async function codesOf(
  workload: Workload,
  device: DeviceDescription,
  space: SubjectSpace,
  trials: readonly ReportTrial[],
  best: number | null,
  runs: readonly { readonly file: string }[],
): Promise<readonly ReportCode[]> {
  // A stranger's log may hold workloads that its operator cannot have.
  if (space.space === null) return [];
  const chosen = chosenTrials(trials, best);
  const records = await recordsOf(chosen.map(({ trial }) => ({ file: runs[trial.run]?.file ?? '', line: trial.line })));
  return chosen.flatMap(({ trial, label, index }) => {
    const record = records.get(`${runs[trial.run]?.file}:${trial.line}`);
    if (record === undefined) return [];
    return [
      { label, trial: index, ...codeOf(workload, device, record.trace as Trace), ...costsOf(trial, device, space) },
    ];
  });
}

interface ChosenTrial {
  readonly trial: ReportTrial;
  readonly label: string;
  readonly index: number;
}

function chosenTrials(trials: readonly ReportTrial[], best: number | null): readonly ChosenTrial[] {
  const chosen = new Map<number, ChosenTrial>();
  const seen = new Set<string>();
  const take = (index: number | undefined, label: string): void => {
    const trial = index === undefined ? undefined : trials[index];
    if (index === undefined || trial === undefined || chosen.has(index) || chosen.size >= mostCodes) return;
    // The race and the comparison at the end time schedules again that were tried before.
    const key = `${trial.sketch} ${JSON.stringify(trial.decisions)} ${trial.origin === 'baseline'}`;
    if (seen.has(key)) return;
    seen.add(key);
    chosen.set(index, { trial, label, index });
  };
  const indices = trials.map((_, index) => index);
  const timed = indices
    .filter((index) => trials[index]?.counts)
    .sort((a, b) => (trials[a]?.timeNs as number) - (trials[b]?.timeNs as number));
  if (best !== null) take(best, 'best');
  take(
    timed.find((index) => trials[index]?.origin === 'baseline'),
    'naive schedule',
  );
  for (const index of timed.filter((at) => trials[at]?.origin === 'seed').slice(0, 2)) take(index, 'hand-made');
  const searched = timed.filter((index) => trials[index]?.origin !== 'baseline');
  for (const [place, index] of searched.slice(0, runnersUp + 2).entries()) take(index, `${place + 1}. fastest trial`);
  for (const sketch of new Set(searched.map((index) => trials[index]?.sketch)))
    take(
      searched.find((index) => trials[index]?.sketch === sketch),
      `fastest of ${sketch}`,
    );
  for (const [share, label] of [
    [0.25, 'at the first quartile'],
    [0.5, 'median'],
    [0.75, 'at the third quartile'],
  ] as const)
    take(searched[Math.floor(share * searched.length)], label);
  take(searched.at(-1), 'slowest');
  const failures = indices.filter((index) => trials[index]?.outcome !== 'ok' && trials[index]?.outcome !== 'refused');
  for (const index of failures.slice(0, mostFailures)) take(index, `failure: ${trials[index]?.outcome}`);
  return [...chosen.values()];
}

/** The records at some places, by `file:line`. */
async function recordsOf(
  places: readonly { readonly file: string; readonly line: number }[],
): Promise<ReadonlyMap<string, TuningRecord>> {
  const wanted = new Set(places.map(({ file, line }) => `${file}:${line}`));
  const found = new Map<string, TuningRecord>();
  const parse = (line: Parameters<typeof recordOfLine>[0], file: string): TuningRecord | LogFault | null =>
    wanted.has(`${file}:${line.number}`) ? recordOfLine(line, file) : null;
  await foldLines([...new Set(places.map(({ file }) => file))], {
    parse,
    onItem: (record, file, line) => found.set(`${file}:${line}`, record),
  });
  return found;
}

function codeOf(
  workload: Workload,
  device: DeviceDescription,
  trace: Trace,
): Pick<ReportCode, 'loops' | 'wgsl' | 'steps'> {
  const kernel = kernelOf(workload, trace, device);
  const steps = trace.steps.length === 0 ? [] : printTrace(trace).split('\n');
  if (isRefusal(kernel)) return { loops: `not legal any more: ${explainRefusal(kernel)}`, wgsl: '', steps };
  return { loops: loopsWithCosts(kernel.program), wgsl: formatWgsl(kernel.artifact), steps };
}

/** What the analytic model and the estimate say of a trial. */
function costsOf(
  trial: ReportTrial,
  { type }: DeviceDescription,
  space: SubjectSpace,
): Pick<ReportCode, 'costs' | 'facts'> {
  const placed = space.place(trial);
  const sketch = placed === null ? undefined : space.space?.sketches[placed.sketch];
  if (placed === null || sketch === undefined) return { costs: [], facts: [] };
  const row = new Float32Array(rowLength);
  sketch.createExtractor().extract(placed.values, row, 0);
  const costs = usualCosts(type);
  const rows = space.estimatesOf(trial);
  return {
    costs: costTermNames
      .map((term, at) => ({ term, cost: (costs[at] as number) * (row[featureCount + at] as number) }))
      .filter(({ cost }) => cost > 0),
    facts: rows.flatMap((estimate, kernel) =>
      estimateNames.flatMap((name, at) => {
        const value = estimate[at] as number;
        const of = rows.length > 1 ? `kernel ${kernel + 1}: ` : '';
        return Number.isFinite(value)
          ? [{ name: `${of}${estimateTable[name].doc}`, unit: estimateTable[name].unit, value }]
          : [];
      }),
    ),
  };
}
