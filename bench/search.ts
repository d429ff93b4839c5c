/**
 * Searches compared on recorded spaces: every strategy on every space, same budgets, several seeds.
 *     npm run bench:search -- --spaces folder-or-file...  [--strategies a,b] [--seeds 20] [--trials 400] [--batch n] [--host windows] [--raw] [--workers 2] [--out folder]
 * External spaces (T4 JSON, Kernel Tuner caches) come from --spaces or WGTUNE_SPACES; our own recorded spaces in tuning-logs/spaces
 * are always searched too. Prints a table and writes it as Markdown (README.md) and CSV, with every run (runs.csv) and a figure per space.
 * Where the spaces of others are from: bench/README.md.
 * `--host` has candidates timed on a made host of that name (`src/measure/made-host.ts`) beside references, `--raw` without.
 * `--list` prints the spaces and strategies there are. Searches are deterministic: `decisions` in runs.csv is the same for the same seed
 * on any machine and any number of workers.
 */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { loadCharts } from '../src/report/charts/load-charts.ts';
import { pictureOf } from '../src/report/charts/picture.ts';
import { trialsTo } from '../src/search/recorded/curve.ts';
import { nameOfSpace } from '../src/search/recorded/read-space.ts';
import { spaceFiles } from '../src/search/recorded/space-files.ts';
import { UserError } from '../src/support/errors.ts';
import { hostCourses } from '../src/testing/made-host.ts';
import { markdownOrigin } from './markdown.ts';
import { chartOf } from './search/figure.ts';
import type { Job, MadeTimes, Outcome } from './search/job.ts';
import { defaultStrategies, strategies } from './search/strategies.ts';
import { csvOfSummaries, markdownOfSummaries, summarise, targets } from './search/tables.ts';
import { playAll } from './search/workers.ts';

const ownSpaces = 'tuning-logs/spaces';

interface Flags {
  readonly spaces?: string[];
  readonly only?: string;
  readonly strategies: string;
  readonly seeds: string;
  readonly firstSeed: string;
  readonly trials: string;
  readonly batch?: string;
  readonly host?: string;
  readonly raw?: boolean;
  readonly workers: string;
  readonly out: string;
  readonly list?: boolean;
}

async function main(flags: Flags): Promise<void> {
  const given = flags.spaces ?? process.env.WGTUNE_SPACES?.split(':') ?? [];
  const wanted = new RegExp(flags.only ?? '', 'i');
  const named = [...given, ...(existsSync(ownSpaces) ? [ownSpaces] : [])].flatMap(spaceFiles);
  // One of our own spaces that is also named is read once.
  const files = [...new Map(named.map((file) => [realpathSync(file), file])).values()].filter((file) =>
    wanted.test(nameOfSpace(file)),
  );
  if (flags.list) {
    console.log(`spaces: ${files.map(nameOfSpace).join(', ')}\nstrategies: ${[...strategies.keys()].join(', ')}`);
    return;
  }
  if (files.length === 0)
    throw new UserError('there is no space to search: name folders or files with --spaces or WGTUNE_SPACES');
  const names = flags.strategies.split(',');
  for (const name of names)
    if (!strategies.has(name))
      throw new UserError(`there is no strategy ${name}; there are ${[...strategies.keys()].join(', ')}`);
  const [seeds, firstSeed, trials] = [Number(flags.seeds), Number(flags.firstSeed), Number(flags.trials)];
  const batch = flags.batch === undefined ? null : Number(flags.batch);
  const host = hostOf(flags);
  const jobs = files.flatMap((space) =>
    names.flatMap((strategy) =>
      Array.from({ length: seeds }, (_, at): Job => ({ space, strategy, seed: firstSeed + at, trials, batch, host })),
    ),
  );
  const started = performance.now();
  const outcomes = await playAll(jobs, Number(flags.workers), (_, done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${jobs.length} runs`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const summaries = summarise(outcomes, nameOfSpace);
  const table = markdownOfSummaries(summaries);
  console.log(table);
  mkdirSync(flags.out, { recursive: true });
  writeFileSync(
    join(flags.out, 'README.md'),
    `# Searches on recorded spaces\n\n${markdownOrigin('npm run bench:search')}\n${table}\n`,
  );
  writeFileSync(join(flags.out, 'summary.csv'), csvOfSummaries(summaries));
  writeFileSync(join(flags.out, 'runs.csv'), csvOfRuns(outcomes));
  const { renderSvg } = await loadCharts();
  for (const file of files) {
    const own = outcomes.filter(({ job }) => job.space === file);
    writeFileSync(
      join(flags.out, `${nameOfSpace(file)}.svg`),
      pictureOf(nameOfSpace(file), chartOf(own, trials), renderSvg),
    );
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${jobs.length} runs in ${seconds} s; tables and figures are in ${flags.out}`);
}

function hostOf({ host, raw = false }: Flags): MadeTimes | null {
  if (host === undefined) return null;
  if (!(host in hostCourses))
    throw new UserError(`there is no made host ${host}; there are ${Object.keys(hostCourses).join(', ')}`);
  return { course: host as MadeTimes['course'], relative: !raw };
}

function csvOfRuns(outcomes: readonly Outcome[]): string {
  const header = ['space', 'strategy', 'seed', ...targets.map((target) => `trials to ${target}`), 'decisions'];
  const rows = outcomes.map(({ job, curve, decisions }) => [
    nameOfSpace(job.space),
    job.strategy,
    job.seed,
    ...targets.map((target) => trialsTo(curve, target) ?? ''),
    decisions,
  ]);
  return stringify([header, ...rows]);
}

const command = new Command()
  .option('--spaces <paths...>', 'files or folders of recorded spaces')
  .option('--only <pattern>', 'spaces whose name matches')
  .option('--strategies <names>', 'separated by commas', defaultStrategies.join(','))
  .option('--seeds <n>', 'runs of each strategy on each space', '20')
  .option('--first-seed <n>', 'the first of them', '1')
  .option('--trials <n>', 'budget of a run', '400')
  .option('--batch <n>', 'trials of a round; by default what the strategy wants')
  .option('--host <name>', 'times as on this made host')
  .option('--raw', 'on it, samples as they come, with no references')
  .option('--workers <n>', 'processes', '2')
  .option('--out <folder>', 'where tables and figures go', 'out/search')
  .option('--list', 'print what there is');
command.parse();
try {
  await main(command.opts<Flags>());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
