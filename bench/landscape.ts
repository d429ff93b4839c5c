/**
 * How well the surrogate of a large space agrees with candidates that it has not seen.
 *     node --import tsx bench/landscape.ts tuning-logs/landscapes/*.landscape.space.json.gz [--folds 5] [--seed 1] [--out out/landscape]
 * The files hold measured candidates, half of them drawn at random, the others those of searches:
 *     wgtune tune matmul -s m=192,n=256,k=160 --device lavapipe --search beam --seed 11 --fresh --log out/logs/beam-11     (and others)
 *     node --import tsx bench/record-space.ts matmul -s m=192,n=256,k=160 --device lavapipe --sample 300 --logs out/logs/beam-11 ... --out <name>.landscape.space.json.gz
 * Such a file is searched like a recorded space: npm run bench:search -- --spaces <file> [--host windows].
 * Writes README.md and predictions.csv.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { markdownTable } from '../src/report/table.ts';
import { readKernelSpace } from '../src/search/recorded/kernel-space.ts';
import { analyticPredictions } from './landscape/analytic.ts';
import { type Agreement, agreementOf } from './landscape/held-out.ts';
import { createLandscape, landscapeTrainer, lessonOf } from './landscape/landscape.ts';
import { heldOutPredictions, usualOptions } from './landscape/surrogate.ts';
import { markdownOrigin } from './markdown.ts';
import { ofSpace } from './ranking/measured.ts';

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    folds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'out/landscape' },
  },
});
if (files.length === 0) {
  console.error('name the files of measured candidates; the first lines of bench/landscape.ts say how to make one');
  process.exit(2);
}
/** Candidates, drawn at random, to which the analytic model's costs are fitted to see what it gets wrong. */
const taughtTo = [16, 64] as const;

const predictions: (string | number)[][] = [['space', 'sketch', 'decisions', 'measured ns', 'predicted ns']];
const rows: string[][] = [];
for (const file of files) {
  const recorded = await readKernelSpace(file);
  const measured = ofSpace(recorded);
  const lesson = lessonOf(measured);
  const options = { ...usualOptions, seed: Number(flags.seed), folds: Number(flags.folds) };
  const predicted = heldOutPredictions(landscapeTrainer(), measured.space, lesson, options);
  const found: Agreement = agreementOf(predicted, lesson.logTimes);
  const { bestNs } = createLandscape(measured.name, measured, options);
  const fastest = Math.min(...measured.timesNs);
  const analytic = [0, ...taughtTo].map((taught) => {
    const { predicted: said, others } = analyticPredictions(measured, taught, options.seed);
    const own = agreementOf(
      others.map((at) => said[at] as number),
      others.map((at) => lesson.logTimes[at] as number),
    );
    return `${own.correlation.toFixed(2)}, ${own.topDecile.toFixed(2)}`;
  });
  rows.push([
    measured.name,
    `${measured.candidates.length} of ${recorded.rows.length}`,
    ...[found.correlation, found.topDecile, found.topTimes, found.error, found.fastError].map((one) => one.toFixed(3)),
    `${(fastest / 1e6).toFixed(3)}`,
    `${((bestNs as number) / 1e6).toFixed(3)}`,
    ...analytic,
  ]);
  for (const [at, { sketch, values }] of measured.candidates.entries())
    predictions.push([
      ...[measured.name, measured.space.sketches[sketch]?.name ?? '', values.join(' ')],
      ...[measured.timesNs[at] as number, Math.round(Math.exp(predicted[at] as number))],
    ]);
  console.error(rows.at(-1)?.join('  '));
}
const table = markdownTable(
  [
    ...['space', 'timed candidates', 'rank correlation', 'top tenth hit', 'times of its tenth over the true'],
    ...['error of log time', 'of the fast half', 'fastest measured, ms', "the landscape's best, ms"],
    ...['analytic model: correlation, top tenth', ...taughtTo.map((taught) => `fitted to ${taught}`)],
  ],
  rows,
);
console.log(table);
mkdirSync(flags.out, { recursive: true });
writeFileSync(
  join(flags.out, 'README.md'),
  `# Surrogates of large spaces, held-out candidates in ${flags.folds} folds\n\n${markdownOrigin('node --import tsx bench/landscape.ts')}\n${table}\n`,
);
writeFileSync(join(flags.out, 'predictions.csv'), stringify(predictions));
