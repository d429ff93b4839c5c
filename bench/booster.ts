/**
 * Boosters of XGBoost's library and of our own trees beside each other: how well each ranks candidates of recorded spaces that it has not seen, and
 * how long a fit takes on one thread.
 *     npm run bench:booster -- [--spaces tuning-logs/spaces] [--taught 32,128,512] [--judged 400] [--seeds 5] [--times] [--out folder]
 * `--times` fits rows of all spaces too, many more than a run measures, and takes the least time of three.
 * Prints a table and writes it as Markdown.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TreeTrainer } from '../src/cost-model/booster.ts';
import { findBooster } from '../src/cost-model/find-booster.ts';
import { createXgboostModel } from '../src/cost-model/xgboost-model.ts';
import { markdownTable } from '../src/report/table.ts';
import { type HeldOut, heldOutBy, manyRows } from './boosters/held-out.ts';
import { markdownOrigin } from './markdown.ts';
import { readMeasured } from './ranking/measured.ts';
import { meanOf } from './ranking/measures.ts';

const { values: flags } = parseArgs({
  options: {
    spaces: { type: 'string', default: 'tuning-logs/spaces' },
    taught: { type: 'string', default: '32,128,512' },
    judged: { type: 'string', default: '400' },
    seeds: { type: 'string', default: '5' },
    times: { type: 'boolean', default: false },
    out: { type: 'string', default: 'out/booster' },
  },
});
const [library, own] = [findBooster('xgboost'), findBooster('own')];
const trainers: readonly [TreeTrainer, TreeTrainer] = [library.trainer, own.trainer];
const objectives = ['rank:pairwise', 'reg:squarederror'] as const;
const spaces = await readMeasured(flags.spaces);

const rows: string[][] = [];
const gaps = new Map<string, number[]>();
for (const objective of objectives)
  for (const measured of spaces)
    for (const taught of flags.taught.split(',').map(Number)) {
      const runs: (readonly HeldOut[])[] = [];
      for (let seed = 1; seed <= Number(flags.seeds); seed++)
        runs.push(await heldOutBy(trainers, measured, { taught, judged: Number(flags.judged), seed, objective }));
      const [first, second] = trainers.map((_, at) => ({
        accuracy: meanOf(runs.map((run) => run[at]?.accuracy as number)),
        fitMs: Math.min(...runs.map((run) => run[at]?.fitMs as number)),
      })) as [{ accuracy: number; fitMs: number }, { accuracy: number; fitMs: number }];
      gaps.set(objective, [...(gaps.get(objective) ?? []), second.accuracy - first.accuracy]);
      rows.push([objective, measured.name, String(taught), ...figures(first, second)]);
    }
for (const [objective, values] of gaps) rows.push([objective, 'mean', '', '', '', signed(meanOf(values)), '', '', '']);
if (flags.times)
  for (const objective of objectives)
    for (const most of [200, 1000]) {
      const lesson = manyRows(spaces, most);
      const timesMs: number[] = [];
      for (const trainer of trainers) {
        let least = Number.POSITIVE_INFINITY;
        for (let time = 0; time < 3; time++) {
          const model = createXgboostModel(trainer, { seed: 1, objective });
          const started = performance.now();
          await model.fit(lesson);
          least = Math.min(least, performance.now() - started);
        }
        timesMs.push(least);
      }
      const [first, second] = timesMs as [number, number];
      rows.push([objective, 'all together', String(lesson.count), '', '', '', ...times(first, second)]);
    }

function figures(
  first: { readonly accuracy: number; readonly fitMs: number },
  second: { readonly accuracy: number; readonly fitMs: number },
): string[] {
  const gap = signed(second.accuracy - first.accuracy);
  return [first.accuracy.toFixed(4), second.accuracy.toFixed(4), gap, ...times(first.fitMs, second.fitMs)];
}

function times(first: number, second: number): string[] {
  return [first.toFixed(0), second.toFixed(0), (second / first).toFixed(2)];
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}

const header = ['objective', 'space', 'rows', 'XGBoost', 'own trees', 'gap', 'XGBoost ms', 'own ms', 'own / XGBoost'];
const table = markdownTable(header, rows);
console.log(`${library.description}; ${own.description}\n\n${table}`);
mkdirSync(flags.out, { recursive: true });
writeFileSync(
  join(flags.out, 'README.md'),
  `# Boosters\n\n${markdownOrigin('npm run bench:booster')}\n${library.description.replace(/ \(.*\)/, '')} against ${own.description}: pairs of unseen candidates in the right order, and the least time of a fit.\n\n${table}\n`,
);
