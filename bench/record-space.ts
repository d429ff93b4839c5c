/**
 * Measures every candidate of a workload's space on a device and writes them as one recorded space for the search bench.
 *     node --import tsx bench/record-space.ts matmul -s m=256,n=256,k=256 --device lavapipe --points 2500
 *     node --import tsx bench/record-space.ts softmax -s rows=64,cols=512 --keep vector=1,4 --out tuning-logs/spaces/softmax.space.json.gz
 * --sketch name takes one sketch alone. Domains of decisions are thinned, the longest first, until no more than --points candidates are legal;
 * --keep name=a,b says which options a decision keeps (all sketches' decisions whose name ends so). Every candidate is built, verified and timed,
 * none is stopped early. Measurements are kept in a file beside the output: run the same command again to go on after an interruption.
 * `--sample n` measures n candidates drawn at random instead of all, and thins nothing: such samples teach and test models.
 * `--most-build-ms` leaves out of the sample what would take longer to build: some kernels of a space take a hundred times as long as others.
 * `--logs folder` adds the candidates of the workload that tuning logs hold: those that searches came to. `--seconds n` ends after so long: the same
 * command goes on later, and the file of a sample holds what was measured until then. `--measured path` (with `--sample`) takes over a recorded file of the
 * workload, or the records of a folder of tuning logs, with their times: nothing of them is measured again. `--quick` takes few samples of each, for landscapes.
 * `--like file` instead of an operator takes the workload and the candidates of a recorded file and measures all of them anew; with `--rows n` so many of
 * them, drawn by chance, the same ones on every device.
 * `--again 0.25` measures the fastest quarter of a space that was recorded once more and adds the samples to its file: a machine that others use is at
 * times twice as fast as at others, which a second look hours or minutes later shows. Repeat it as often as you like.
 * `--dry-run` prints the thinned space and ends. `--warm` builds and runs every candidate once, which only fills the driver's own cache:
 * compiling takes most of the time and may go on beside other work, so that the timing afterwards needs a quiet machine for
 * minutes instead of an hour.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { chooseDevice } from '../src/device/devices.ts';
import type { DeviceDescription } from '../src/ir/limits.ts';
import type { Program } from '../src/ir/nodes.ts';
import { createDawnRunner } from '../src/measure/dawn-runner.ts';
import type { MeasureRequest } from '../src/measure/runner.ts';
import { defaultBudget } from '../src/measure/sampling/budget.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import { describeWorkload, type Workload } from '../src/operators/workload.ts';
import {
  type KernelRow,
  type KernelSpace,
  kernelSpaceEnding,
  readKernelSpace,
  writeKernelSpace,
} from '../src/search/recorded/kernel-space.ts';
import { enumerateCandidates } from '../src/search/space/enumeration.ts';
import { createSampler } from '../src/search/space/sampling.ts';
import { type SketchSpace, sketchSpace } from '../src/search/space/sketch-space.ts';
import { type Candidate, candidateKey } from '../src/search/strategy.ts';
import { recordableSketches } from '../src/space/recorded-sketches.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { spaceSizes } from '../src/space/sizes.ts';
import { instantiate, type Sketch } from '../src/space/sketch.ts';
import { exitCode, UserError } from '../src/support/errors.ts';
import { createRandom } from '../src/support/random.ts';
import { isRefusal, type Refusal } from '../src/support/refusal.ts';
import { buildArtifact, programOf } from '../src/tuner/build.ts';
import { toolVersion } from '../src/tuner/tool.ts';
import { createTrialEffort } from '../src/tuner/trial-effort.ts';
import { verificationData } from '../src/tuner/workload-data.ts';
import { candidatesOfLogs, measuredBefore } from './landscape/earlier.ts';
import { fastestOf, joined, rowOf } from './record-space/rows.ts';
import { candidateAsRecorded, sketchesAsRecorded } from './search/recorded-options.ts';
import { keepOptions, thinTo } from './search/thin.ts';

/** A few samples, as many candidates as possible: what a landscape learns from has errors of 10% and more anyway. */
const quickBudget = { maxSamples: 6, maxTotalMs: 120, extraSamples: 0, extraMs: 0 } as const;

/** Candidates that are built, in several processes, before the first of them is timed. */
const builtAtOnce = 16;

interface Flags {
  readonly shape?: string;
  readonly attr: string[];
  readonly dtype?: string;
  readonly device?: string;
  readonly points: string;
  readonly sample?: string;
  readonly mostBuildMs?: string;
  readonly logs: string[];
  readonly measured: string[];
  readonly seconds?: string;
  readonly again?: string;
  readonly like?: string;
  readonly rows?: string;
  readonly keep: string[];
  readonly sketch?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly warm?: boolean;
  readonly quick?: boolean;
}

async function main(operator: string | undefined, flags: Flags): Promise<void> {
  const like = flags.like === undefined ? null : await readKernelSpace(flags.like);
  const workload = like?.workload ?? workloadOf(operator, flags);
  const device = await chooseDevice(flags.device);
  const { description } = device;
  const program = programOf(workload);
  const asked =
    like === null
      ? await wished(workload, program, flags, description)
      : recordedBefore(like, program, flags.rows === undefined ? null : Number(flags.rows));
  const { space, sampled } = asked;
  const takenOver = sampled ? await measuredBefore(flags.measured, workload, space) : new Map<string, KernelRow>();
  const wishedKeys = new Set(asked.listed.map(candidateKey));
  const listed = [
    ...asked.listed,
    ...[...takenOver].flatMap(([key, { s, v }]) =>
      wishedKeys.has(key) ? [] : [{ sketch: s, values: v, score: null }],
    ),
  ];
  if (listed.length === 0) throw new UserError('no candidate of this space is legal on this device');
  console.log(`${describeWorkload(workload)} on ${description.name}: ${listed.length} candidates`);
  for (const { name, decisions } of space.sketches)
    console.log(
      `${name}\n${decisions.map((decision) => `  ${decision.name}: ${decision.options.join(' ')}`).join('\n')}`,
    );
  if (flags.dryRun) return;

  const shape = describeWorkload(workload).replace(/[^\w.=-]+/g, '-');
  const out =
    flags.out ?? `tuning-logs/${sampled ? 'samples' : 'spaces'}/${shape}-${description.name}${kernelSpaceEnding}`;
  const partial = `${out}.partial.jsonl`;
  mkdirSync(dirname(out), { recursive: true });
  const rows = new Map<string, KernelRow>(takenOver);
  if (existsSync(partial)) {
    const wanted = new Set(listed.map(candidateKey));
    for (const line of readFileSync(partial, 'utf8').split('\n')) {
      const row = rowOf(line);
      if (row === null) continue;
      const key = candidateKey({ sketch: row.s, values: row.v });
      if (wanted.has(key)) rows.set(key, row);
    }
    console.log(`${rows.size} were measured before`);
  }
  const recorded = flags.again === undefined ? null : await readKernelSpace(out);
  for (const row of recorded?.rows ?? []) rows.set(candidateKey({ sketch: row.s, values: row.v }), row);
  const fastest = recorded === null ? null : fastestOf(recorded.rows, Number(flags.again));
  const wanted = listed.filter(
    (candidate) => fastest?.has(candidateKey(candidate)) ?? !rows.has(candidateKey(candidate)),
  );
  const verification = verificationData(workload, program, 1);
  const usual = defaultBudget(description.type);
  const budget = flags.quick ? { ...usual, ...quickBudget } : usual;
  const runner = await createDawnRunner({ device, budget, ...(flags.quick ? { quietWait: 0 } : {}) });
  // In random order, so that drift of the machine does not look like an effect of the outer decisions.
  const open = createRandom(recorded?.rows.reduce((sum, { t }) => sum + t.length, 0) ?? 1).shuffled(wanted);
  const started = performance.now();
  try {
    await runner.prepare(verification.data);
    const isOver = (): boolean =>
      performance.now() - started > 1000 * Number(flags.seconds ?? Number.POSITIVE_INFINITY);
    for (let begin = 0; begin < open.length && !isOver(); begin += builtAtOnce) {
      const batch = open.slice(begin, begin + builtAtOnce).map((candidate) => ({ candidate, made: make(candidate) }));
      await runner.buildAhead?.(
        batch.flatMap(({ made }) => (isRefusal(made) ? [] : [made.artifact])),
        isOver,
      );
      for (const [place, { candidate, made }] of batch.entries()) {
        if (isOver()) break;
        const row = await measure(candidate, made);
        rows.set(candidateKey(candidate), joined(rows.get(candidateKey(candidate)), row));
        if (!flags.warm && recorded === null) appendFileSync(partial, `${JSON.stringify(row)}\n`);
        const at = begin + place + 1;
        if (at % 50 > 0) continue;
        const left = ((performance.now() - started) / at) * (open.length - at);
        console.log(`${at} of ${open.length}, ${Math.round(left / 60_000)} minutes to go`);
      }
    }
  } finally {
    await runner.close();
  }
  if (flags.warm) return;
  const measured = listed.filter((candidate) => rows.has(candidateKey(candidate)));
  if (measured.length < listed.length)
    console.log(`${measured.length} of ${listed.length} are measured; the same command goes on`);
  if (measured.length < listed.length && !sampled) return;
  await writeKernelSpace(out, {
    recordedAt: new Date().toISOString(),
    tool: toolVersion,
    workload,
    device: description,
    ...(sampled ? { sampled: true as const } : {}),
    sketches: space.sketches.map(({ name, decisions }) => ({
      name,
      decisions: decisions.map((decision) => ({ name: decision.name, options: [...decision.options] })),
    })),
    rows: measured.map((candidate) => rows.get(candidateKey(candidate)) as KernelRow),
  });
  if (measured.length === listed.length) rmSync(partial, { force: true });
  console.log(`${out}: ${rows.size} rows`);

  function make({ sketch, values }: Candidate): Made | Refusal {
    const scheduled = instantiate(space.sketches[sketch] as Sketch, values);
    if (isRefusal(scheduled)) return scheduled;
    const artifact = buildArtifact(scheduled.program, description);
    return isRefusal(artifact) ? artifact : { artifact, checks: verification.checksFor(scheduled) };
  }

  async function measure({ sketch, values }: Candidate, made: Made | Refusal): Promise<KernelRow> {
    const held = { s: sketch, v: [...values] };
    if (isRefusal(made)) return { ...held, t: [], o: 'refused' };
    const result = await runner.measure({ ...made, bestNs: flags.warm ? 1 : null });
    const t = result.samplesNs.map(Math.round);
    const q = result.relative === null ? {} : { q: Math.round(result.relative.timeNs) };
    // Few samples seldom agree as well as a search wants them to: their median is the time all the same.
    const isTimed = result.outcome === 'ok' || (flags.quick === true && result.outcome === 'unstable');
    return isTimed ? { ...held, t, ...q } : { ...held, t, o: result.outcome };
  }
}

type Made = Pick<MeasureRequest, 'artifact' | 'checks'>;

interface Wanted {
  readonly space: SketchSpace;
  readonly listed: readonly Candidate[];
  /** Whether the listed candidates are a random sample and not all. */
  readonly sampled: boolean;
}

function workloadOf(operator: string | undefined, flags: Flags): Workload {
  if (operator === undefined) throw new UserError('name an operator, or a recorded file with --like');
  const attributes = Object.fromEntries(
    flags.attr.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  return makeWorkload(operator, {
    ...(flags.shape === undefined ? {} : { shape: flags.shape }),
    ...(flags.dtype === undefined ? {} : { dtype: flags.dtype as 'f32' | 'f16' }),
    attributes,
  });
}

/** The candidates that the flags ask for. */
async function wished(workload: Workload, program: Program, flags: Flags, device: DeviceDescription): Promise<Wanted> {
  const all = sketchesOf(program, device.limits, spaceSizes[device.type]);
  const taken = all.filter(({ name }) => flags.sketch === undefined || name === flags.sketch);
  if (taken.length === 0) throw new UserError(`--sketch: there are ${all.map(({ name }) => name).join(', ')}`);
  const kept = keepOptions(taken, flags.keep);
  const spaceOf = (sketches: readonly Sketch[]): SketchSpace => sketchSpace(sketches, device);
  if (flags.sample !== undefined) {
    const space = spaceOf(kept);
    const effort = createTrialEffort(space, []);
    const most = Number(flags.mostBuildMs ?? Number.POSITIVE_INFINITY);
    const isQuick = (candidate: Candidate): boolean => effort.expectedMs(candidate) <= most;
    const found = [
      ...drawn(space, Number(flags.sample), isQuick),
      ...(await candidatesOfLogs(flags.logs, workload, space)),
    ];
    return { space, listed: [...new Map(found.map((one) => [candidateKey(one), one])).values()], sampled: true };
  }
  const space = thinTo(Number(flags.points), kept, spaceOf);
  return { space, listed: enumerateCandidates(space) ?? [], sampled: false };
}

/** The candidates of a file, as far as today's sketches can make them: all, or so many by chance. */
function recordedBefore(like: KernelSpace, program: Program, most: number | null): Wanted {
  const { device } = like;
  const today = recordableSketches(program, device.limits, device.type);
  const space = sketchSpace(sketchesAsRecorded(like, today), device);
  const rows = most === null ? like.rows : createRandom(1).fork('rows').shuffled(like.rows).slice(0, most);
  const listed = rows.flatMap((row) => candidateAsRecorded(like, row, space) ?? []);
  return { space, listed, sampled: like.sampled === true };
}

/** Different candidates at random, fewer where there are no more; `isWanted` is asked of each. */
function drawn(space: SketchSpace, count: number, isWanted: (candidate: Candidate) => boolean): Candidate[] {
  const sampler = createSampler(space, createRandom(1), null);
  const candidates: Candidate[] = [];
  for (let next = sampler.unseen(); next !== null && candidates.length < count; next = sampler.unseen()) {
    sampler.history.reserve(next);
    if (isWanted(next)) candidates.push(next);
  }
  return candidates;
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];
const command = new Command()
  .argument('[operator]')
  .option('-s, --shape <sizes>')
  .option('--attr <name=value>', 'an attribute that is text', collect, [])
  .option('--dtype <dtype>')
  .option('--device <name>')
  .option('--points <n>', 'candidates at most', '2500')
  .option('--sample <n>', 'this many candidates at random instead of all')
  .option('--most-build-ms <n>', 'with --sample: only candidates that are expected to build in so long')
  .option('--logs <folder>', 'with --sample: also the candidates of these tuning logs', collect, [])
  .option(
    '--measured <path>',
    'with --sample: also what a recorded file or tuning logs hold, with its times',
    collect,
    [],
  )
  .option('--seconds <n>', 'end after so long')
  .option('--again <fraction>', 'measure the fastest of what was recorded once more')
  .option('--like <file>', 'measure what a recorded file holds anew')
  .option('--rows <n>', 'with --like: so many of its candidates, by chance')
  .option('--keep <name=a,b>', 'options that decisions keep whose name ends so', collect, [])
  .option('--sketch <name>', 'one sketch alone')
  .option('--out <file>')
  .option('--dry-run')
  .option('--warm')
  .option('--quick', 'few samples of each candidate');
command.parse();
try {
  await main(command.args[0], command.opts<Flags>());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode ?? exitCode.failed;
}
