/**
 * Whether the speed-up that a run claims is the same beside other work: the README's first command, three times on the machine as it is and
 * ten times beside the hog (`noise/hog.ts`), each from the same seed with logs of its own.
 *     node --import tsx bench/claims.ts [--runs 10] [--quiet 3] [--device name] [--out out/claims]
 * Prints every claim and the largest distance from the median of the quiet ones; writes the table (README.md) and the claims (runs.csv).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { markdownTable } from '../src/report/table.ts';
import { quantile } from '../src/search/recorded/curve.ts';
import { markdownOrigin } from './markdown.ts';
import { tuneRun } from './noise/tune-run.ts';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    quiet: { type: 'string', default: '3' },
    device: { type: 'string' },
    out: { type: 'string', default: 'out/claims' },
  },
});
const workload = ['matmul', '-s', 'm=128,n=128,k=128'];

interface Claim {
  readonly speedup: number;
  readonly bestNs: number;
  readonly seconds: number;
}

function claimOfRun(hogSeed: number | null): Claim {
  const device = flags.device === undefined ? [] : ['--device', flags.device];
  const { result, seconds } = tuneRun([...workload, ...device], hogSeed);
  const { speedup, best } = result;
  if (speedup === null || best === null) throw new Error('the run claims nothing');
  return { speedup, bestNs: best.timeNs, seconds };
}

const rows: [string, Claim][] = [];
const run = (name: string, hogSeed: number | null): void => {
  const claim = claimOfRun(hogSeed);
  rows.push([name, claim]);
  console.error(`${name}: ${claim.speedup.toFixed(2)}x in ${Math.round(claim.seconds)} s`);
};
for (let at = 0; at < Number(flags.quiet); at++) run('as it is', null);
for (let at = 0; at < Number(flags.runs); at++) run('beside the hog', at + 1);
const quiet = quantile(
  rows.filter(([name]) => name === 'as it is').map(([, { speedup }]) => speedup),
  0.5,
);
const table = markdownTable(
  ['machine', 'claimed speed-up', 'best, µs', 'seconds', 'from the quiet median'],
  rows.map(([name, { speedup, bestNs, seconds }]) => [
    name,
    speedup.toFixed(2),
    (bestNs / 1000).toFixed(1),
    seconds.toFixed(0),
    `${(100 * (speedup / quiet - 1)).toFixed(1)}%`,
  ]),
);
const near = rows.filter(([name, { speedup }]) => name !== 'as it is' && Math.abs(speedup / quiet - 1) <= 0.1).length;
const verdict = `${near} of ${flags.runs} claims beside the hog are within 10% of the quiet median, ${quiet.toFixed(2)}`;
console.log(`${table}\n\n${verdict}`);
mkdirSync(flags.out, { recursive: true });
writeFileSync(
  join(flags.out, 'README.md'),
  `# What a run claims beside other work\n\n${markdownOrigin('node --import tsx bench/claims.ts')}\n${table}\n\n${verdict}\n`,
);
writeFileSync(
  join(flags.out, 'runs.csv'),
  stringify([
    ['machine', 'speedup', 'best_ns', 'seconds'],
    ...rows.map(([name, { speedup, bestNs, seconds }]) => [name, speedup, bestNs, seconds]),
  ]),
);
