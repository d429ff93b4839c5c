/**
 * How well prefixes and complete programs of workloads that were never seen are ranked (Ansor's Figure 3, and the complete end of it).
 *     npm run bench:ranking                         recorded spaces and samples under tuning-logs
 *     npm run bench:ranking -- --only "conv|softmax" --ways completions,fitted --seeds 3
 *     npm run bench:ranking -- --sets "schedule;schedule,arithmetic,machine;all;all,-first operand"
 * Each workload is held out once: the model learns from all other workloads, or from the others of its class (`--taught`), and judges prefixes
 * as the beam does. `--held-out candidates` holds out a third of each workload's own candidates instead, as in a tuning run.
 * A prefix is worth its best measured completion. This worth is known where a space was recorded whole; samples, for which it is the best of
 * few, have a table of their own. Fractions count the decisions that were open. Pairs whose throughputs differ by less than 2% do not count.
 * recall@10: fraction of the ten best among the model's ten best; top-k: the best of the model's first k, relative to the best there is.
 * Writes the tables as CSV and a figure per way, and names the features that tell nothing on these workloads.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { RenderSvg } from '../src/report/charts/chart.ts';
import { loadCharts } from '../src/report/charts/load-charts.ts';
import { pictureOf } from '../src/report/charts/picture.ts';
import { exitCode, UserError } from '../src/support/errors.ts';
import { markdownOrigin } from './markdown.ts';
import { textOfIdle } from './ranking/constant-features.ts';
import { chartOf } from './ranking/figure.ts';
import { heldOutCandidates, heldOutWorkloads, type Plan } from './ranking/held-out.ts';
import { type Measured, readMeasured } from './ranking/measured.ts';
import { csvOfRows, csvOfRuns, markdownOfRows, type Ranked, summarise } from './ranking/tables.ts';
import { defaultWays, ways, withFamilies } from './ranking/ways.ts';

/** Fewer candidates than this say nothing about ranking. */
const fewest = 24;
const ownFolders = ['tuning-logs/spaces', 'tuning-logs/samples'];

interface Flags {
  readonly only?: string;
  readonly ways: string;
  readonly sets?: string;
  readonly taught: string;
  readonly heldOut: string;
  readonly whole?: boolean;
  readonly folds: string;
  readonly seeds: string;
  readonly out: string;
  readonly list?: boolean;
}

async function main(paths: readonly string[], flags: Flags): Promise<void> {
  if (flags.list) {
    console.log(`ways: ${[...ways.keys()].join(', ')}`);
    return;
  }
  const wanted = new RegExp(flags.only ?? '', 'i');
  const taken = paths.length > 0 ? paths : ownFolders.filter((folder) => existsSync(folder));
  const groups = (await Promise.all(taken.map(readMeasured)))
    .flat()
    .filter(({ name, kind, candidates }) => candidates.length >= fewest && wanted.test(`${kind} ${name}`));
  if (groups.length === 0)
    throw new UserError(`there is no workload with ${fewest} measured candidates: name recorded spaces or logs`);
  for (const group of groups) console.log(textOfMeasured(group));
  console.log(`\n${textOfIdle(groups)}`);

  const plan: Plan = {
    ways: flags.ways
      .split(',')
      .flatMap((name) => (flags.sets?.split(';') ?? ['all']).map((set) => withFamilies(name, set))),
    seeds: Number(flags.seeds),
    judges: ({ whole }) => flags.whole !== true || whole,
  };
  const ranked =
    flags.heldOut === 'candidates'
      ? await heldOutCandidates(groups, plan, Number(flags.folds))
      : await heldOutWorkloads(groups, plan, flags.taught.split(','));
  mkdirSync(flags.out, { recursive: true });
  const { renderSvg } = await loadCharts();
  for (const whole of [true, false]) {
    const names = new Set(groups.filter((group) => group.whole === whole).map(({ name }) => name));
    report(
      whole ? 'spaces' : 'samples',
      ranked.filter(({ workload }) => names.has(workload)),
      flags.out,
      renderSvg,
    );
  }
}

function report(what: string, ranked: readonly Ranked[], out: string, render: RenderSvg): void {
  if (ranked.length === 0) return;
  const rows = summarise(ranked);
  console.log(`\n${what === 'spaces' ? 'spaces recorded whole' : 'samples'}: means over workloads and seeds\n`);
  const table = markdownOfRows(rows);
  console.log(table);
  writeFileSync(
    join(out, `${what}.md`),
    `# Rankings: ${what}\n\n${markdownOrigin('npm run bench:ranking')}\n${table}\n`,
  );
  writeFileSync(join(out, `${what}.csv`), csvOfRows(rows));
  writeFileSync(join(out, `${what}-runs.csv`), csvOfRuns(ranked));
  for (const name of new Set(rows.map(({ way, taught }) => `${way}, taught by ${taught}`))) {
    const own = rows.filter(({ way, taught }) => `${way}, taught by ${taught}` === name);
    writeFileSync(
      join(out, `${what} ${name}.svg`.replaceAll(/[ ,:]+/g, '-')),
      pictureOf(`${what}: ${name}`, chartOf(own), render),
    );
  }
}

function textOfMeasured({ kind, name, candidates, timesNs, whole }: Measured): string {
  const best = Math.min(...timesNs);
  const middle = timesNs.toSorted((a, b) => a - b)[timesNs.length >> 1] as number;
  const spread = `the median takes ${(middle / best).toFixed(1)} times the best`;
  return `${kind}: ${name}: ${candidates.length} candidates, ${whole ? 'all there are' : 'a sample'}, ${spread}`;
}

const command = new Command()
  .argument('[paths...]', 'recorded spaces, tuning logs, folders of them')
  .option('--only <pattern>', 'workloads whose class or name matches')
  .option('--ways <names>', 'separated by commas', defaultWays.join(','))
  .option('--sets <families;families>', 'compare ways that see these families of features only')
  .option('--taught <by>', 'all, own or both: what is learned from', 'all,own')
  .option('--held-out <what>', 'workloads or candidates', 'workloads')
  .option('--whole', 'judge prefixes of spaces recorded whole only; samples teach')
  .option('--folds <n>', 'parts that held-out candidates are cut into', '3')
  .option('--seeds <n>', 'repetitions', '3')
  .option('--out <folder>', 'where tables and figures go', 'out/ranking')
  .option('--list', 'print what there is');
command.parse();
try {
  await main(command.args, command.opts<Flags>());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode ?? exitCode.failed;
}
