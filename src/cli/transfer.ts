import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { UserError } from '../support/errors.ts';
import { nearestNames } from '../support/nearest.ts';
import { tierDocs, tierNames } from '../tuner/transfer/run.ts';
import { catchInterrupt } from './interrupt.ts';
import { wholeNumber } from './option-values.ts';
import { print, printJson, say } from './output.ts';

interface TransferFlags {
  readonly spaces: readonly string[];
  readonly target: RegExp;
  readonly sources: RegExp;
  readonly tiers: readonly string[];
  readonly method?: readonly string[];
  readonly each?: boolean;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly draws: number;
  readonly trials: number;
  readonly sourceRows?: number;
  readonly top: number;
  readonly workers: number;
  readonly out?: string;
  readonly json?: boolean;
}

export function addTransferCommand(program: Command): void {
  program
    .command('transfer')
    .summary('compare ways to learn from other devices and workloads, on recorded spaces')
    .description(
      `Plays searches on spaces that were measured whole, which needs no device, and tells how much earlier they come near the optimum when they know what others measured. Each target is searched with what all its sources know (\`--each\`: also each source alone); a source is another space of --spaces with the same decisions, or any of wgtune's own spaces for another. Every run knows a part of each source's rows, drawn at random, as a tuning log holds a part of a space. Reads spaces of bench/record-space.ts, T4 JSON files and Kernel Tuner caches, gzipped or not.

Tiers:
${tierNames.map((name) => `  ${name.padEnd(10)} ${tierDocs[name]}`).join('\n')}`,
    )
    .requiredOption('--spaces <paths...>', 'files of recorded spaces, or folders of them')
    .option('--target <regexp>', 'spaces to search, by name', pattern('--target'), /./)
    .option(
      '--sources <regexp>',
      'spaces to learn from, by name; a target never learns from itself',
      pattern('--sources'),
      /./,
    )
    .option('--tiers <names>', 'ways to use the sources, separated by commas; cold always runs', tierList, tierNames)
    .option(
      '--method <file...>',
      'methods of your own: modules that export one function (task, measured) => position of the next candidate',
    )
    .option('--each', 'every source also alone')
    .option('--seeds <n>', 'runs of each tier', wholeNumber('--seeds', 1, 10_000), 20)
    .option('--first-seed <n>', 'seed of the first', wholeNumber('--first-seed', 0, 2 ** 31 - 10_001), 1)
    .option(
      '--draws <n>',
      'different draws of the sources, for the runs in turn',
      wholeNumber('--draws', 1, 10_000),
      16,
    )
    .option('--trials <n>', 'trials of a run', wholeNumber('--trials', 1, 100_000), 400)
    .option(
      '--source-rows <n>',
      'rows of a source that a draw has (default: half of them)',
      wholeNumber('--source-rows', 1),
    )
    .option('--top <n>', 'candidates that remeasure measures', wholeNumber('--top', 1), 50)
    .option('--workers <n>', 'processes', wholeNumber('--workers', 1, 1024), availableParallelism())
    .option(
      '-o, --out <folder>',
      'write README.md and runs.csv there, and keep finished runs: the same command goes on from them',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune transfer --spaces recorded/ --target A100 --sources 'A6000|W6600'
  wgtune transfer --spaces tuning-logs/spaces --tiers residual --seeds 5 --trials 100
  wgtune transfer --spaces recorded/ --target A100 --method ./mine.mjs --out out/transfer`,
    )
    .action(runTransfer);
}

function pattern(option: string): (text: string) => RegExp {
  return (text) => {
    try {
      return new RegExp(text);
    } catch (error) {
      throw new UserError(`${option} "${text}" must be a regular expression (${(error as Error).message})`);
    }
  };
}

function tierList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (tierNames.some((known) => known === name)) continue;
    const [near] = nearestNames(name, tierNames, 1);
    throw new UserError(
      `--tiers "${name}" must be of ${tierNames.join(', ')}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    );
  }
  return [...new Set(names)];
}

async function runTransfer(flags: TransferFlags): Promise<void> {
  const { spaceFiles } = await import('../search/recorded/space-files.ts');
  const { nameOfSpace } = await import('../search/recorded/read-space.ts');
  const { runExperiment } = await import('../tuner/transfer/experiment.ts');
  const { summarise } = await import('../tuner/transfer/summary.ts');
  // A space that is named twice, as a file and by its folder, is read once.
  const files = [...new Map(flags.spaces.flatMap(spaceFiles).map((file) => [realpathSync(file), file])).values()];
  const twice = files.map(nameOfSpace).find((name, at, names) => names.indexOf(name) < at);
  if (twice !== undefined) throw new UserError(`--spaces has two spaces named ${twice}; rename one of the files`);
  if (files.length === 0)
    throw new UserError('--spaces has no recorded space; name files that end in .json or .json.gz');
  for (const file of flags.method ?? [])
    if (!existsSync(file)) throw new UserError(`--method: there is no module ${file}`);
  const { loadCharts } = await import('../report/charts/load-charts.ts');
  const charts = flags.out === undefined ? null : await loadCharts();
  const interrupt = catchInterrupt(() => say('stopping; press Ctrl-C again to stop at once'));
  try {
    const experiment = await runExperiment({
      spaces: files,
      target: flags.target,
      sources: flags.sources,
      tiers: [...flags.tiers, ...(flags.method ?? [])],
      each: flags.each === true,
      seeds: flags.seeds,
      firstSeed: flags.firstSeed,
      draws: flags.draws,
      trials: flags.trials,
      sourceRows: flags.sourceRows ?? null,
      top: flags.top,
      workers: flags.workers,
      folder: flags.out ?? null,
      signal: interrupt.signal,
      onProgress: progressTeller(),
    });
    for (const name of experiment.alone) say(`note: ${name} is left out, for it has no source with the same decisions`);
    const rows = summarise(experiment);
    const { formatTransfer } = await import('../report/transfer-tables.ts');
    if (flags.out !== undefined && charts !== null) {
      const { writeTransfer } = await import('../report/transfer-files.ts');
      await writeTransfer(flags.out, experiment, rows, charts.renderSvg);
      say(`tables and runs are in ${flags.out}`);
    }
    if (flags.json) printJson({ rows });
    else print(formatTransfer(rows));
  } finally {
    interrupt.release();
  }
}

/** Tells on stderr how far it is: on one line in a terminal, elsewhere by tenths. */
function progressTeller(): (done: number, of: number) => void {
  let told = -1;
  return (done, of) => {
    if (process.stderr.isTTY) {
      process.stderr.write(done === of ? '\r\x1b[K' : `\r${done} of ${of} runs`);
      return;
    }
    const tenth = of === 0 ? 10 : Math.floor((10 * done) / of);
    if (tenth > told) say(`${done} of ${of} runs`);
    told = Math.max(told, tenth);
  };
}
