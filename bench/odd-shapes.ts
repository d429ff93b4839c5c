/**
 * What a shape that divides by nothing costs: the tuned product of 197x768x768 against that of 224x768x768, the next shape that divides.
 *     node --import tsx bench/odd-shapes.ts [--tune trials] [--rounds n] [--device name] [--log folder]
 * With --tune both shapes are tuned first, with the same number of trials and the same seed, one after the other, going on from what the
 * folder knows; `wgtune logs prune <folder> --keep 5 -o bench/results/odd-shapes/<device>.jsonl` makes one short file of a folder's logs. Then
 * the three fastest schedules of each shape that the folder knows are timed once more, all in turn in one run; those of the odd shape also
 * with the partition toggled (off where it is on), and each shape with the other's decisions where they are legal for it, so that luck of
 * the search on one shape does not make the ratio. A shape's throughput is that of its schedule with the best median.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chooseDevice } from '../src/device/devices.ts';
import type { Artifact } from '../src/ir/artifact.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import type { Runner } from '../src/measure/runner.ts';
import { flopsOf } from '../src/operators/flops.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import type { Workload } from '../src/operators/workload.ts';
import { isVerified, type TuningRecord } from '../src/records/record.ts';
import { timeOf } from '../src/records/relative-time.ts';
import type { Trace } from '../src/schedule/trace.ts';
import { createPruner, mostStatements } from '../src/space/pruning.ts';
import { recordedValues } from '../src/space/recorded.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { spaceSizes } from '../src/space/sizes.ts';
import { instantiate } from '../src/space/sketch.ts';
import { isRefusal } from '../src/support/refusal.ts';
import { artifactOf, programOf, scheduleProgram } from '../src/tuner/build.ts';
import { loadKnown } from '../src/tuner/known.ts';
import { tune } from '../src/tuner/tune.ts';
import { verificationData } from '../src/tuner/workload-data.ts';

const finalists = 3;
const seed = 1;
const { values: flags } = parseArgs({
  options: {
    tune: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    device: { type: 'string', default: 'lavapipe' },
    log: { type: 'string', default: 'bench/results/odd-shapes' },
  },
});
const device = await chooseDevice(flags.device);
const { description } = device;
const shapes = { odd: 'm=197,n=768,k=768', even: 'm=224,n=768,k=768' } as const;
type Shape = keyof typeof shapes;

if (flags.tune !== undefined) {
  for (const shape of Object.values(shapes)) {
    const workload = makeWorkload('matmul', { shape });
    const { best, outcomes } = await tune({
      workload,
      trials: Number(flags.tune),
      seed,
      device: flags.device,
      logFolder: flags.log,
      shippedLogs: null,
    });
    console.log(`tuned ${shape}: best ${milliseconds(best?.timeNs ?? Number.NaN)}, ${JSON.stringify(outcomes)}`);
  }
}

interface Entrant {
  readonly shape: Shape;
  readonly title: string;
  readonly artifact: Artifact;
  readonly measure: () => Promise<void>;
  readonly samplesNs: number[];
}

const runners: Runner[] = [];
try {
  const entrants: Entrant[] = [];
  for (const shape of Object.keys(shapes) as Shape[]) entrants.push(...(await entrantsOf(shape)));
  for (let round = 0; round < Number(flags.rounds); round++) for (const entrant of entrants) await entrant.measure();
  report(entrants);
} finally {
  for (const runner of runners) await runner.close();
}

async function entrantsOf(shape: Shape): Promise<Entrant[]> {
  const workload = makeWorkload('matmul', { shape: shapes[shape] });
  const program = programOf(workload);
  const fastest = await fastestOf(shape);
  if (fastest.length === 0) throw new Error(`${flags.log} knows no schedule of ${shapes[shape]} here; add --tune 60`);
  const others = await fastestOf(shape === 'odd' ? 'even' : 'odd');
  const verification = verificationData(workload, program, seed);
  const runner = await createDawnRunner({ device });
  runners.push(runner);
  await runner.prepare(verification.data);
  const entrant = (title: string, trace: Trace): Entrant => {
    const scheduled = scheduleProgram(workload, trace);
    const artifact = artifactOf(scheduled, description);
    const checks = verification.checksFor({ program: scheduled, trace });
    const samplesNs: number[] = [];
    const measure = async (): Promise<void> => {
      const result = await runner.measure({ artifact, checks, bestNs: null });
      if (result.medianNs === null) throw new Error(`${title}: ${result.outcome}: ${result.error}`);
      samplesNs.push(...result.samplesNs);
    };
    return { shape, title, artifact, measure, samplesNs };
  };
  const own = fastest.flatMap((record, i) => {
    const turned = shape === 'odd' ? partitionTurned(record) : null;
    const partition = record.decisions['matmul.partition'] ?? 'none';
    return [
      entrant(`${shapes[shape]}  tuned #${i + 1}, partition ${partition}`, record.trace),
      ...(turned === null ? [] : [entrant(`${shapes[shape]}  the same, partition ${turned.partition}`, turned.trace)]),
    ];
  });
  const adopted = others.flatMap((record, i) => {
    const made = withDecisions(workload, record, {}) ?? withDecisions(workload, record, { 'matmul.partition': 0 });
    return made === null ? [] : [entrant(`${shapes[shape]}  the other shape's #${i + 1}`, made)];
  });
  return [...own, ...adopted];
}

async function fastestOf(shape: Shape): Promise<TuningRecord[]> {
  const { records } = await loadKnown(flags.log, makeWorkload('matmul', { shape: shapes[shape] }), description);
  return records
    .filter((record) => record.origin !== 'baseline' && isVerified(record))
    .sort((a, b) => (timeOf(a) ?? 0) - (timeOf(b) ?? 0))
    .filter((record, i, all) => all.findIndex((other) => key(other) === key(record)) === i)
    .slice(0, finalists);
}

function key(record: TuningRecord): string {
  return JSON.stringify(record.decisions);
}

/** A record's decisions, some changed, as a schedule of a workload; null where they make none of its legal candidates. */
function withDecisions(
  workload: Workload,
  record: TuningRecord,
  changed: Readonly<Record<string, number>>,
): Trace | null {
  const sketch = sketchesOf(programOf(workload), description.limits, spaceSizes[description.type]).find(
    ({ name }) => name === record.sketch,
  );
  if (sketch === undefined) return null;
  const values = recordedValues(sketch, { ...record.decisions, ...changed });
  if (
    values === null ||
    createPruner(sketch, description.limits, mostStatements[description.type]).check(Float64Array.from(values)) !== null
  )
    return null;
  const made = instantiate(sketch, values);
  return isRefusal(made) ? null : made.trace;
}

/** The same schedule with its partition of the grid toggled; null where there is nothing to partition. */
function partitionTurned(record: TuningRecord): { readonly trace: Trace; readonly partition: number } | null {
  const partition = 1 - Number(record.decisions['matmul.partition'] ?? 0);
  const trace = withDecisions(record.workload, record, { 'matmul.partition': partition });
  return trace === null ? null : { trace, partition };
}

function report(entrants: readonly Entrant[]): void {
  const day = new Date().toISOString().slice(0, 10);
  console.log(
    `${day}  ${description.description || description.name}  ${cpus()[0]?.model}, ${availableParallelism()} cores`,
  );
  console.log(`node --import tsx bench/odd-shapes.ts ${process.argv.slice(2).join(' ')}`.trimEnd());
  console.log(`load average ${readLoad()}; medians (quartiles) over ${flags.rounds} interleaved rounds`);
  for (const { shape, title, samplesNs } of entrants) {
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(samplesNs, q)) as [number, number, number];
    console.log(
      `${title.padEnd(48)} ${milliseconds(middle)} (${milliseconds(low)} - ${milliseconds(high)})  ${throughput(shape, middle).toFixed(2)} GFLOP/s`,
    );
  }
  const best = (shape: Shape, only: (title: string) => boolean = () => true): number =>
    throughput(
      shape,
      Math.min(
        ...entrants
          .filter((entrant) => entrant.shape === shape && only(entrant.title))
          .map(({ samplesNs }) => quantile(samplesNs, 0.5)),
      ),
    );
  const even = best('even');
  const share = (flops: number): string => (flops > 0 ? `${((100 * flops) / even).toFixed(0)}%` : 'no schedule');
  console.log(`throughput of the odd shape, of the even one's ${even.toFixed(2)} GFLOP/s: ${share(best('odd'))}`);
  console.log(`  with the partition: ${share(best('odd', (title) => title.endsWith('partition 1')))}`);
  console.log(`  without it:         ${share(best('odd', (title) => title.endsWith('partition 0')))}`);
}

/** GFLOP/s of useful work. */
function throughput(shape: Shape, ns: number): number {
  return flopsOf(programOf(makeWorkload('matmul', { shape: shapes[shape] }))) / ns;
}

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;
}

function milliseconds(ns: number): string {
  return `${(ns / 1e6).toFixed(2)} ms`;
}

function readLoad(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ')[0] as string;
  } catch {
    return 'unknown';
  }
}
