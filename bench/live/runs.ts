import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRecords } from '../../src/records/log-reader.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import type { TuneResult } from '../../src/tuner/events.ts';
import type { LiveWorkload } from './workloads.ts';

/** One search to be run, and kept in a folder of its own: a tuning log, and a line about each of its parts. */
export interface LiveRun {
  readonly workload: LiveWorkload;
  readonly strategy: string;
  readonly seed: number;
  readonly trials: number;
}

/** What a part of a run spent: a run that was cut short goes on in another part. */
export interface RunPart {
  readonly elapsedMs: number;
  readonly spentMs: TuneResult['spentMs'];
  readonly stoppedBy: TuneResult['stoppedBy'];
}

export interface Plan {
  readonly workloads: readonly LiveWorkload[];
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
  /** Ascending. */
  readonly budgets: readonly number[];
  /** Strategies that plan by the number of trials they have: each budget gets a run of its own. All others have one run of the largest budget. */
  readonly plansByBudget: ReadonlySet<string>;
  /** Trials of one further run of each workload, which only looks for the best there is; null for none. */
  readonly long: number | null;
}

/** The strategy of the long run, and its seed, which no other run has. */
const longRun = { strategy: 'beam', seed: 0 } as const;

export function isLong({ strategy, seed }: LiveRun): boolean {
  return strategy === longRun.strategy && seed === longRun.seed;
}

/** The run in which a strategy's winner of a budget is looked for. */
export function runOf(plan: Plan, workload: LiveWorkload, strategy: string, seed: number, budget: number): LiveRun {
  const trials = plan.plansByBudget.has(strategy) ? budget : Math.max(...plan.budgets);
  return { workload, strategy, seed, trials };
}

/** Every run of a plan: seed after seed, so that what is cut short has some seeds of all; the long runs last. */
export function runsOf(plan: Plan): readonly LiveRun[] {
  const runs = plan.seeds.flatMap((seed) =>
    plan.workloads.flatMap((workload) =>
      plan.strategies.flatMap((strategy) =>
        plan.budgets.map((budget) => runOf(plan, workload, strategy, seed, budget)),
      ),
    ),
  );
  const long = plan.workloads.flatMap((workload) =>
    plan.long === null ? [] : [{ workload, ...longRun, trials: plan.long }],
  );
  return [...new Map([...runs, ...long].map((run) => [folderNameOf(run), run])).values()];
}

/** The folder of a run below that of the bench. */
export function folderNameOf({ workload, strategy, seed, trials }: LiveRun): string {
  const { operator, shape, attributes } = workload;
  const text = [operator, shape, ...Object.entries(attributes).map(([name, value]) => `${name}=${value}`)].join(' ');
  return join('runs', text.replace(/[^\w=.]+/g, '-'), `${strategy}-seed-${seed}-trials-${trials}`);
}

export const trialsOf = (records: readonly TuningRecord[]): readonly TuningRecord[] =>
  records.filter(({ origin, race }) => origin === 'search' && race === null);

/** What a run's folder holds: a run that was never begun has no records. */
export async function heldOf(
  out: string,
  run: LiveRun,
): Promise<{ readonly records: readonly TuningRecord[]; readonly parts: readonly RunPart[] }> {
  const folder = join(out, folderNameOf(run));
  if (!existsSync(folder)) return { records: [], parts: [] };
  const { records, faults } = await loadRecords([folder]);
  for (const { file, message, severity } of faults) if (severity !== 'note') console.error(`${file}: ${message}`);
  const parts = readdirSync(folder)
    .filter((name) => /^part-\d+\.json$/.test(name))
    .sort((a, b) => Number(a.slice(5, -5)) - Number(b.slice(5, -5)))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RunPart);
  return { records, parts };
}

/** How many trials a run still wants: none where its space has no more. */
export function missingTrials(
  { trials }: LiveRun,
  { records, parts }: { readonly records: readonly TuningRecord[]; readonly parts: readonly RunPart[] },
): number {
  if (parts.some(({ stoppedBy }) => stoppedBy === 'exhausted')) return 0;
  return Math.max(0, trials - trialsOf(records).length);
}

export function keepPart(out: string, run: LiveRun, { elapsedMs, spentMs, stoppedBy }: RunPart): void {
  const folder = join(out, folderNameOf(run));
  mkdirSync(folder, { recursive: true });
  const number = readdirSync(folder).filter((name) => name.startsWith('part-')).length + 1;
  writeFileSync(join(folder, `part-${number}.json`), `${JSON.stringify({ elapsedMs, spentMs, stoppedBy })}\n`);
}

/** The words of `wgtune tune` with which a run goes on. */
export function wordsOf(run: LiveRun, missing: number, device: string): readonly string[] {
  const { workload, strategy, seed } = run;
  return [
    ...[workload.operator, '-s', workload.shape],
    ...Object.entries(workload.attributes).flatMap(([name, value]) =>
      name === 'epilogue' ? ['--epilogue', value] : ['--attr', `${name}=${value}`],
    ),
    ...['--device', device, '--search', strategy, '--seed', `${seed}`, '--trials', `${missing}`, '--no-reuse'],
  ];
}
