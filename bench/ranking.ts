/**
 * How well the cost model ranks complete programs and prefixes it has not seen (Ansor's Figure 3), by families of features.
 *     node --import tsx bench/ranking.ts tuning-logs tuning-logs/spaces/*.space.json.gz
 *     node --import tsx bench/ranking.ts tuning-logs --sets "schedule;schedule,arithmetic,machine;all" --folds 3 --seeds 3
 * Reads tuning logs and recorded spaces of ours. Held-out candidates: of each workload by itself, trained on the other folds, as a tuning run
 * is. Held-out workloads: trained on all other workloads. A prefix counts for its best measured completion; pairs whose throughputs
 * differ by less than 2% are none. Every set of features is trained on the same rows, one after the other, so figures compare within a run.
 * recall@10: of the ten best those among the model's ten best; top-k: the best of the model's first k, of the best there is.
 */
import { Command } from 'commander';
import { loadXgboost } from '../src/cost-model/xgboost-library.ts';
import { createXgboostModel } from '../src/cost-model/xgboost-model.ts';
import { featureCount, featureNames } from '../src/features/extractor.ts';
import { families } from '../src/features/families.ts';
import { exitCode, UserError } from '../src/support/errors.ts';
import { createRandom } from '../src/support/random.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { type Measured, readMeasured } from './ranking/measured.ts';
import { meanOf, pairwiseAccuracy, recallAt, topShare } from './ranking/measures.ts';
import { prefixRows, type Rows, without } from './ranking/rows.ts';

const fractions = [0.25, 0.5, 0.75, 1];
/** Fewer candidates than this say nothing about ranking. */
const fewest = 24;

interface Flags {
  readonly sets: string;
  readonly folds: string;
  readonly seeds: string;
}

interface Figures {
  readonly pairwise: number[];
  readonly recall: number[];
  readonly first: number[];
  readonly five: number[];
}

async function main(paths: readonly string[], flags: Flags): Promise<void> {
  const loaded = loadXgboost();
  if (isRefusal(loaded)) throw new UserError(explainRefusal(loaded));
  const library = loaded;
  const groups = (await Promise.all(paths.map(readMeasured)))
    .flat()
    .filter(({ candidates }) => candidates.length >= fewest);
  if (groups.length === 0) throw new UserError(`no workload in ${paths.join(', ')} has ${fewest} measured candidates`);
  for (const { name, candidates, space } of groups)
    console.log(
      `${name}: ${candidates.length} candidates of ${space.sketches.map((sketch) => sketch.name).join(', ')}`,
    );
  const sets = flags.sets.split(';').map((set) => ({ set, hidden: hiddenBy(set) }));
  const [folds, seeds] = [Number(flags.folds), Number(flags.seeds)];

  const candidates = sets.map(() => newFigures());
  for (let seed = 1; seed <= seeds; seed++)
    for (const group of groups) {
      const order = createRandom(seed).shuffled(group.candidates.map((_, item) => item));
      for (let fold = 0; fold < folds; fold++) {
        const tested = order.filter((_, at) => at % folds === fold);
        const known = order.filter((_, at) => at % folds !== fold);
        const train = [prefixRows(group, known, known, fractions)];
        await judge(train, group, tested, candidates, seed);
      }
    }
  print('held-out candidates of the same workload', candidates);

  if (groups.length < 2) return;
  const workloads = sets.map(() => newFigures());
  for (const group of groups) {
    const train = groups
      .filter((other) => other !== group)
      .map((other) => prefixRows(other, all(other), all(other), fractions));
    await judge(train, group, all(group), workloads, 1);
  }
  print('held-out workloads', workloads);

  async function judge(
    train: readonly Rows[],
    group: Measured,
    tested: readonly number[],
    into: readonly (readonly Figures[])[],
    seed: number,
  ): Promise<void> {
    const asked = fractions.map((fraction) => prefixRows(group, tested, all(group), [fraction]));
    for (const [s, { hidden }] of sets.entries()) {
      const model = createXgboostModel(library, { seed });
      await model.fit(joined(train.map((rows) => without(rows, hidden))));
      for (const [f, rows] of asked.entries()) {
        const scores = new Float32Array(rows.count);
        model.score(without(rows, hidden).features, rows.count, featureCount, scores);
        const figures = (into[s] as readonly Figures[])[f] as Figures;
        figures.pairwise.push(pairwiseAccuracy(scores, rows.labels));
        figures.recall.push(recallAt(10, scores, rows.labels));
        figures.first.push(topShare(1, scores, rows.labels));
        figures.five.push(topShare(5, scores, rows.labels));
      }
    }
  }

  function print(title: string, figures: readonly (readonly Figures[])[]): void {
    console.log(`\n${title}: means over workloads, folds and seeds\n`);
    console.log(`${'features'.padEnd(28)} decided  pairwise  recall@10  top-1  top-5`);
    for (const [s, { set }] of sets.entries())
      for (const [f, fraction] of fractions.entries()) {
        const { pairwise, recall, first, five } = (figures[s] as readonly Figures[])[f] as Figures;
        const cell = (values: readonly number[], width: number): string => meanOf(values).toFixed(3).padStart(width);
        console.log(
          `${set.padEnd(28)} ${`${100 * fraction}%`.padStart(7)} ${cell(pairwise, 9)} ${cell(recall, 10)} ${cell(first, 6)} ${cell(five, 6)}`,
        );
      }
  }
}

const newFigures = (): Figures[] => fractions.map(() => ({ pairwise: [], recall: [], first: [], five: [] }));
const all = ({ candidates }: Measured): number[] => candidates.map((_, item) => item);

/** Rows of several workloads, each a group of its own: only rows of one are compared. */
function joined(parts: readonly Rows[]): Parameters<ReturnType<typeof createXgboostModel>['fit']>[0] {
  const count = parts.reduce((sum, rows) => sum + rows.count, 0);
  const rows = new Float32Array(count * featureCount);
  const [labels, depth, groups] = [new Float32Array(count), new Float32Array(count), new Uint32Array(count)];
  let at = 0;
  for (const [g, part] of parts.entries()) {
    rows.set(part.features, at * featureCount);
    labels.set(part.labels, at);
    depth.set(part.depths, at);
    groups.fill(g, at, at + part.count);
    at += part.count;
  }
  return { rows, columns: featureCount, count, labels, depth, groups };
}

/** Columns that a set of families (`schedule,machine`, or `all`) does not have. A part that starts with `-` hides the features it begins. */
function hiddenBy(set: string): boolean[] {
  const parts = set.split(',').map((part) => part.trim());
  const taken = new Set(parts.filter((part) => !part.startsWith('-')));
  const dropped = parts.filter((part) => part.startsWith('-')).map((part) => part.slice(1));
  for (const name of taken)
    if (name !== 'all' && !families.some((family) => family.name === name))
      throw new UserError(
        `there are no features "${name}"; there are ${families.map((family) => family.name).join(', ')} and all`,
      );
  const names = new Set(
    families
      .filter(({ name }) => taken.has('all') || taken.has(name))
      .flatMap(({ features }) => features.map(({ name }) => name)),
  );
  return featureNames.map((column) => {
    const feature = /^kernel \d: (?<name>.*)$/.exec(column)?.groups?.name;
    if (feature === undefined || feature === 'rule') return false;
    return !names.has(feature) || dropped.some((start) => feature.startsWith(start));
  });
}

const command = new Command()
  .argument('<paths...>', 'tuning logs, folders of them, recorded spaces')
  .option('--sets <families;families>', 'sets of families to compare', 'schedule;schedule,arithmetic,machine;all')
  .option('--folds <n>', 'parts that candidates are cut into', '3')
  .option('--seeds <n>', 'repetitions', '1');
command.parse();
try {
  await main(command.args, command.opts<Flags>());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode ?? exitCode.failed;
}
