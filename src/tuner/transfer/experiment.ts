import { readFile } from 'node:fs/promises';
import { nameOfSpace } from '../../search/recorded/read-space.ts';
import type { MeasuredSpace } from '../../search/recorded/replayed-space.ts';
import { UserError } from '../../support/errors.ts';
import { hashText } from '../../support/hash.ts';
import { loadSpace } from '../recorded-spaces.ts';
import { canTeach, copyFraction } from './draw.ts';
import { openJournal } from './journal.ts';
import { type Baseline, createBaseline } from './performance.ts';
import { usualSpentNs } from './play-run.ts';
import { playRuns } from './pool.ts';
import { type RunCourse, runKey, type TransferRun } from './run.ts';

export interface ExperimentOptions {
  /** Files of recorded spaces. */
  readonly spaces: readonly string[];
  /** Names of the spaces to be searched, and of those to learn from. */
  readonly target: RegExp;
  readonly sources: RegExp;
  /** Tiers by name, and modules with methods of the user's own by path; `cold` always comes first. */
  readonly tiers: readonly string[];
  /** Every source also by itself, beside all together. */
  readonly each: boolean;
  /** Runs of each tier; run r has seed `firstSeed + r` and draw r of each source, from the first again after `draws`. */
  readonly seeds: number;
  readonly firstSeed: number;
  readonly draws: number;
  readonly trials: number;
  readonly sourceRows: number | null;
  readonly top: number;
  readonly workers: number;
  /** Where the journal is kept; null: nothing is kept, and an interrupted experiment begins anew. */
  readonly folder: string | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
}

/** All runs of one tier on one target with one set of sources. */
export interface RunGroup {
  readonly target: string;
  /** Names of the sources; none for cold runs. */
  readonly sources: readonly string[];
  readonly tier: string;
  readonly runs: readonly { readonly run: TransferRun; readonly course: RunCourse }[];
}

/** A target, and what its runs are judged by. */
export interface TargetSpace {
  readonly name: string;
  readonly baseline: Baseline;
  readonly usualNs: number;
}

export interface Experiment {
  readonly groups: readonly RunGroup[];
  readonly targets: ReadonlyMap<string, TargetSpace>;
  /** What copying the best of one source is worth on a target, for every pair. */
  readonly copies: readonly { readonly target: string; readonly source: string; readonly fraction: number }[];
  /** Targets that no source can teach, which are left out. */
  readonly alone: readonly string[];
}

/** A target's file and space, and the files of the sources of one set. */
interface Plan {
  readonly target: string;
  readonly sources: readonly string[];
  readonly tier: string;
}

/** Plays the experiment. The same options give the same result for any number of workers. Rejects with UserError for what the user must mend. */
export async function runExperiment(options: ExperimentOptions): Promise<Experiment> {
  const { spaces: files, seeds, firstSeed, draws, trials, sourceRows, top, folder } = options;
  const { plans, ...planned } = await planOf(options);
  const runsOf = ({ target, sources, tier }: Plan): TransferRun[] =>
    Array.from({ length: seeds }, (_, at) => ({
      target,
      sources,
      tier,
      seed: firstSeed + at,
      // Cold runs know no source: they stay the same whatever is drawn.
      draw: sources.length === 0 ? 0 : at % draws,
      trials,
      sourceRows: sources.length === 0 ? null : sourceRows,
      top: tier === 'remeasure' ? top : 0,
    }));
  const digests = new Map<string, string>();
  for (const file of [...files, ...options.tiers.filter((tier) => /\.m?js$/.test(tier))])
    digests.set(file, hashText((await readFile(file)).toString('base64')));
  const journal = folder === null ? null : openJournal(folder);
  const courses = new Map<string, RunCourse>(journal?.courses);
  const all = plans.flatMap(runsOf);
  const open = all.filter((run) => !courses.has(runKey(run, digests)));
  let done = all.length - open.length;
  options.onProgress?.(done, all.length);
  await playRuns(open, {
    workers: options.workers,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onCourse: (run, course) => {
      const key = runKey(run, digests);
      courses.set(key, course);
      journal?.add(key, course);
      options.onProgress?.(++done, all.length);
    },
  });
  const groups = plans.map((plan) => ({
    target: nameOfSpace(plan.target),
    sources: plan.sources.map(nameOfSpace),
    tier: plan.tier,
    runs: runsOf(plan).map((run) => ({ run, course: courses.get(runKey(run, digests)) as RunCourse })),
  }));
  return { groups, ...planned };
}

async function planOf({
  spaces: files,
  target,
  sources,
  tiers,
  each,
}: ExperimentOptions): Promise<Omit<Experiment, 'groups'> & { readonly plans: readonly Plan[] }> {
  const wanted = files.filter((file) => target.test(nameOfSpace(file)));
  const teachers = files.filter((file) => sources.test(nameOfSpace(file)));
  const names = files.map(nameOfSpace).join(', ');
  if (wanted.length === 0) throw new UserError(`--target matches none of the spaces ${names}`);
  if (teachers.length === 0) throw new UserError(`--sources matches none of the spaces ${names}`);
  const loaded = new Map<string, MeasuredSpace>();
  for (const file of new Set([...wanted, ...teachers])) loaded.set(file, await loadSpace(file));
  const plans: Plan[] = [];
  const targets = new Map<string, TargetSpace>();
  const alone: string[] = [];
  const copies: Experiment['copies'][number][] = [];
  for (const file of wanted) {
    const space = loaded.get(file) as MeasuredSpace;
    const able = teachers.filter((other) => other !== file && canTeach(loaded.get(other) as MeasuredSpace, space));
    const baseline = createBaseline(space.candidates.map(space.timeOf));
    if (able.length === 0 || baseline === null) {
      alone.push(nameOfSpace(file));
      continue;
    }
    targets.set(nameOfSpace(file), { name: nameOfSpace(file), baseline, usualNs: usualSpentNs(space) });
    for (const other of able) {
      const fraction = copyFraction(loaded.get(other) as MeasuredSpace, space);
      copies.push({ target: nameOfSpace(file), source: nameOfSpace(other), fraction });
    }
    plans.push({ target: file, sources: [], tier: 'cold' });
    const sets = each && able.length > 1 ? [able, ...able.map((one) => [one])] : [able];
    for (const set of sets)
      for (const tier of tiers) if (tier !== 'cold') plans.push({ target: file, sources: set, tier });
  }
  if (targets.size === 0)
    throw new UserError(
      'no source can teach any of the targets: a source is another space with the same decisions, or one of ours for one of ours',
    );
  return { plans, targets, copies, alone };
}
