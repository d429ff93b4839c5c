/**
 * Times chosen candidates of one workload in turn: what a single decision is worth, others being equal.
 *     node --import tsx bench/decided.ts bench/decided/conv2d-1x1.json [--device lavapipe] [--rounds 2] [--out out/decided]
 * The file names the workload and lists the decisions of each candidate by the ends of their names (`oc.registers`); `sketch` names the sketch,
 * and a decision that is not listed has its smallest option. Every candidate is verified. Prints and writes a table and the times of every round.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { chooseDevice } from '../src/device/devices.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload } from '../src/operators/workload.ts';
import { ranRight } from '../src/records/outcome.ts';
import { markdownTable } from '../src/report/table.ts';
import { quantile } from '../src/search/recorded/curve.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { spaceSizes } from '../src/space/sizes.ts';
import { instantiate } from '../src/space/sketch.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { buildArtifact, programOf } from '../src/tuner/build.ts';
import { verificationData } from '../src/tuner/workload-data.ts';
import { markdownOrigin } from './markdown.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'lavapipe' },
    rounds: { type: 'string', default: '2' },
    out: { type: 'string', default: 'out/decided' },
  },
});
const [path = ''] = positionals;
const { operator, shape, attributes, candidates } = z
  .strictObject({
    operator: z.string(),
    shape: z.string(),
    attributes: z.record(z.string(), z.string()).default({}),
    candidates: z.array(z.strictObject({ sketch: z.string(), decisions: z.record(z.string(), z.number()) })),
  })
  .parse(JSON.parse(readFileSync(path, 'utf8')));

const workload = makeWorkload(operator, { shape, attributes });
const program = programOf(workload);
const device = await chooseDevice(flags.device);
const { description } = device;
const sketches = sketchesOf(program, description.limits, spaceSizes[description.type]);
const verification = verificationData(workload, program, 1);

const made = candidates.map(({ sketch: name, decisions }) => {
  const sketch = sketches.find((one) => one.name === name);
  if (sketch === undefined)
    throw new Error(`no sketch ${name}: there are ${sketches.map((one) => one.name).join(', ')}`);
  const unused = new Set(Object.keys(decisions));
  const values = sketch.decisions.map(({ name: decision, options, smallest }) => {
    const key = Object.keys(decisions).find((end) => decision.endsWith(`.${end}`));
    if (key === undefined) return smallest ?? (options[0] as number);
    unused.delete(key);
    const value = decisions[key] as number;
    if (!options.includes(value)) throw new Error(`${decision} cannot be ${value}: ${options.join(', ')}`);
    return value;
  });
  if (unused.size > 0) throw new Error(`${name} has no decision ${[...unused].join(', ')}`);
  const scheduled = instantiate(sketch, values);
  if (isRefusal(scheduled)) throw new Error(explainRefusal(scheduled));
  const artifact = buildArtifact(scheduled.program, description);
  if (isRefusal(artifact)) throw new Error(explainRefusal(artifact));
  return { artifact, checks: verification.checksFor(scheduled) };
});

const runs: { readonly candidate: number; readonly round: number; readonly ms: number; readonly buildMs: number }[] =
  [];
const runner = await createDawnRunner({ device });
try {
  await runner.prepare(verification.data);
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const [candidate, { artifact, checks }] of made.entries()) {
      const { outcome, error, relative, medianNs, phasesMs } = await runner.measure({ artifact, checks, bestNs: null });
      if (!ranRight({ outcome })) throw new Error(`candidate ${candidate}: ${outcome}: ${error}`);
      const ms = (relative?.timeNs ?? medianNs ?? Number.NaN) / 1e6;
      runs.push({ candidate, round, ms, buildMs: phasesMs.build });
      console.error(`round ${round + 1}, candidate ${candidate + 1}: ${ms.toFixed(3)} ms`);
    }
} finally {
  await runner.close();
}

const timesOf = (candidate: number): number[] => runs.filter((run) => run.candidate === candidate).map(({ ms }) => ms);
const table = markdownTable(
  ['candidate', 'ms, median of rounds', 'ms, least', 'build ms'],
  candidates.map(({ sketch, decisions }, at) => [
    `${sketch}: ${Object.entries(decisions)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    quantile(timesOf(at), 0.5).toFixed(2),
    Math.min(...timesOf(at)).toFixed(2),
    String(Math.round(runs.find(({ candidate }) => candidate === at)?.buildMs ?? 0)),
  ]),
);
console.log(table);
mkdirSync(flags.out, { recursive: true });
const name = basename(path, '.json');
writeFileSync(
  join(flags.out, `${name}.md`),
  `# ${describeWorkload(workload)} on ${description.name}\n\n${markdownOrigin('node --import tsx bench/decided.ts')}\n\n${table}\n`,
);
writeFileSync(join(flags.out, `${name}.csv`), stringify(runs, { header: true }));
