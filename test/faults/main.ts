import { parseArgs } from 'node:util';
import { fuzzLogs } from './fuzz.ts';
import { killTuners } from './kills.ts';

/*
 * `npm run test:faults`: kills tuners at 200 random moments and reads 10,000 hostile lines. `npm test` does a little of each.
 * `-- --kills 20 --lines 0` sets other numbers, `-- --seed 7` other moments and lines. Ends with exit code 1 when anything was wrong.
 */

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    lines: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(flags.seed);
const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;

let wrong: readonly string[] = [];
if (Number(flags.lines) > 0) {
  const fuzz = await fuzzLogs(Number(flags.lines), seed, ({ cases, wrong: found }) => {
    if (cases % 1000 === 0) console.log(`${seconds()}: ${cases} hostile lines, ${found.length} wrong`);
  });
  console.log(
    `${fuzz.cases} hostile lines: ${fuzz.shape} refused for their shape, ${fuzz.meaning} for what they mean, ${fuzz.taken} are records still (${fuzz.executed} of their schedules executed); the slowest took ${fuzz.slowestMs.toFixed(0)} ms, the heap grew by at most ${(fuzz.heap / 2 ** 20).toFixed(0)} MiB`,
  );
  wrong = [...wrong, ...fuzz.wrong];
}
if (Number(flags.kills) > 0) {
  const killed = await killTuners(Number(flags.kills), seed, ({ kills, told, wrong: found }) => {
    console.log(`${seconds()}: ${kills} kills, ${told} finished trials, ${found.length} wrong`);
  });
  console.log(
    `${killed.kills} kills: ${killed.told} finished trials, ${killed.records} records read back, ${killed.torn} torn last lines, ${killed.wrong.length} wrong`,
  );
  wrong = [...wrong, ...killed.wrong];
}
for (const what of wrong.slice(0, 50)) console.log(`wrong: ${what}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
