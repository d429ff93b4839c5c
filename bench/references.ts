/**
 * How well the references tell how much slower a kernel is: kernels of several operators are timed in turn, each pass between two readings of the references.
 *     node --import tsx bench/references.ts [--device lavapipe] [--seconds 60] [--hog] [--no-priority] [--out out/references]
 * Prints per kernel its time in quiet moments, its slowdown, how far the logarithms of its times scatter as they are and divided by each reference and by both,
 * their correlations with these and with the processor time of the process, and how far quiet samples are from their median. Writes README.md and runs.csv.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'csv-stringify/sync';
import { lastLevelCacheBytes } from '../src/device/caches.ts';
import { loadDawn, openDevice } from '../src/device/dawn.ts';
import { chooseDevice, type Device, deviceEnvironment } from '../src/device/devices.ts';
import { takePriority } from '../src/device/priority.ts';
import { type BuiltKernel, buildKernels } from '../src/measure/build/build-kernels.ts';
import { bindBuffers, createBufferPool, openSession } from '../src/measure/child/session.ts';
import { isFailure } from '../src/measure/failure.ts';
import { isCalm } from '../src/measure/sampling/estimate.ts';
import { quietOf, slowdownOf } from '../src/measure/sampling/pace.ts';
import { runPasses } from '../src/measure/sampling/passes.ts';
import { createReferences } from '../src/measure/sampling/references.ts';
import { makeWorkload } from '../src/operators/parse-workload.ts';
import type { ReferenceTimes } from '../src/records/reference-names.ts';
import { markdownTable } from '../src/report/table.ts';
import { mean, quantile } from '../src/search/recorded/curve.ts';
import { sketchSpace } from '../src/search/space/sketch-space.ts';
import { createRandomSearch } from '../src/search/strategies/random.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { spaceSizes } from '../src/space/sizes.ts';
import { instantiate } from '../src/space/sketch.ts';
import { isRefusal } from '../src/support/refusal.ts';
import { buildArtifact, programOf } from '../src/tuner/build.ts';
import { verificationData } from '../src/tuner/workload-data.ts';
import { markdownOrigin } from './markdown.ts';
import { startHog } from './noise/hog.ts';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'lavapipe' },
    seconds: { type: 'string', default: '60' },
    hog: { type: 'boolean', default: false },
    'no-priority': { type: 'boolean', default: false },
    out: { type: 'string', default: 'out/references' },
    opened: { type: 'string' },
  },
});
const workloads = [
  ['matmul', 'm=256,n=256,k=256'],
  ['conv2d', 'c=24,oc=48,h=28,w=28,kh=3,kw=3,pad=1'],
  ['softmax', 'rows=384,cols=384'],
  ['reduce_sum', 'rows=1024,cols=1024'],
] as const;
const perWorkload = 3;
/** Kernels beyond this are left out: a round must not take long. */
const longestNs = 15e6;
const sampleNs = 5e6;

interface Timed {
  readonly name: string;
  readonly built: readonly BuiltKernel[];
  readonly repeats: number;
}

interface Sample {
  readonly kernel: string;
  readonly ns: number;
  /** Processor time of the process, ns per run. */
  readonly processorNs: number;
  readonly before: ReferenceTimes;
  readonly after: ReferenceTimes;
}

/** In a process whose environment names the driver. */
async function measure({ driver, adapter, description: wanted }: Device): Promise<void> {
  if (!flags['no-priority'] && wanted.type === 'cpu') takePriority();
  const { gpu, description } = await openDevice(await loadDawn(driver), driver, adapter, wanted.profile);
  const references = await createReferences(gpu, description.type, lastLevelCacheBytes(description.type));
  const pool = createBufferPool(gpu);
  const run = async (built: readonly BuiltKernel[], repeats: number): Promise<number> => {
    const { deviceNs } = await runPasses(gpu, pool, [{ sequences: [built], repeats }], { expectedMs: 0 });
    return (deviceNs[0] as number) / repeats;
  };
  const refer = async (): Promise<ReferenceTimes> => {
    const [arithmetic = 0, memory = 0] = (await runPasses(gpu, pool, references.passes(), { expectedMs: 1 })).deviceNs;
    return { arithmetic, memory };
  };
  const kernels: Timed[] = [];
  for (const [operator, shape] of workloads) {
    const workload = makeWorkload(operator, { shape });
    const program = programOf(workload);
    const session = await openSession(gpu, verificationData(workload, program, 1).data, null);
    if (isFailure(session)) throw new Error(session.error);
    const sketches = sketchesOf(program, description.limits, spaceSizes[description.type]);
    const proposals = createRandomSearch(sketchSpace(sketches, description), 1).propose(3 * perWorkload);
    for (const { sketch, values } of proposals) {
      if (kernels.filter(({ name }) => name.startsWith(operator)).length >= perWorkload) break;
      const made = instantiate(sketches[sketch] as (typeof sketches)[number], values);
      const artifact = isRefusal(made) ? made : buildArtifact(made.program, description);
      if (isRefusal(artifact)) continue;
      const bound = bindBuffers(session, artifact.buffers, []);
      if (isFailure(bound)) throw new Error(bound.error);
      const built = await buildKernels(gpu, artifact, bound.buffers);
      await run(built, 1);
      const ns = await run(built, 1);
      if (ns <= longestNs)
        kernels.push({ name: `${operator} ${kernels.length}`, built, repeats: Math.max(1, Math.ceil(sampleNs / ns)) });
    }
  }
  const samples: Sample[] = [];
  const end = performance.now() + 1000 * Number(flags.seconds);
  while (performance.now() < end)
    for (const { name, built, repeats } of kernels) {
      const before = await refer();
      await run(built, 1);
      const used = process.cpuUsage();
      const ns = await run(built, repeats);
      const { user, system } = process.cpuUsage(used);
      samples.push({ kernel: name, ns, processorNs: (1000 * (user + system)) / repeats, before, after: await refer() });
    }
  report(samples);
}

function report(samples: readonly Sample[]): void {
  const quiet = quietOf(samples.flatMap(({ before, after }) => [before, after])) as ReferenceTimes;
  const rows = [...new Set(samples.map(({ kernel }) => kernel))].map((kernel) => {
    const own = samples.filter((sample) => sample.kernel === kernel);
    const of = (value: (sample: Sample) => number): number[] => own.map((sample) => Math.log(value(sample)));
    const both = ({ before, after }: Sample): number => (slowdownOf(before, quiet) + slowdownOf(after, quiet)) / 2;
    const arithmetic = ({ before, after }: Sample): number => before.arithmetic + after.arithmetic;
    const memory = ({ before, after }: Sample): number => before.memory + after.memory;
    const ns = ({ ns: time }: Sample): number => time;
    const calm = own.filter((sample) => isCalm({ slowdown: both(sample) })).map(ns);
    const least = quantile(own.map(ns), 0.05);
    const middle = calm.length === 0 ? least : quantile(calm, 0.5);
    const errors = calm.map((time) => Math.abs(time / middle - 1));
    const scatter = (value: (sample: Sample) => number): string => deviation(of(value)).toFixed(2);
    const follows = (value: (sample: Sample) => number): string => correlation(of(ns), of(value)).toFixed(2);
    return [
      kernel,
      (middle / 1e6).toFixed(2),
      (quantile(own.map(ns), 0.5) / middle).toFixed(2),
      `${scatter(ns)} / ${scatter((s) => s.ns / arithmetic(s))} / ${scatter((s) => s.ns / memory(s))} / ${scatter((s) => s.ns / both(s))}`,
      `${follows(arithmetic)} / ${follows(memory)} / ${follows(both)} / ${follows(({ processorNs }) => processorNs)}`,
      `${((100 * calm.length) / own.length).toFixed(0)}%`,
      errors.length === 0
        ? ''
        : `${(100 * quantile(errors, 0.5)).toFixed(1)}% / ${(100 * quantile(errors, 0.9)).toFixed(1)}%`,
    ];
  });
  const table = markdownTable(
    [
      'kernel',
      'ms',
      'median slowdown',
      'scatter: as they are / by arithmetic / memory / both',
      'correlation: arithmetic / memory / both / processor time',
      'quiet',
      'quiet samples off by: median / 90%',
    ],
    rows,
  );
  console.log(table);
  mkdirSync(flags.out, { recursive: true });
  writeFileSync(
    join(flags.out, 'README.md'),
    `# How well references tell of kernels\n\n${markdownOrigin('node --import tsx bench/references.ts').replace(/ --opened .*/, '\n')}\n${table}\n`,
  );
  writeFileSync(
    join(flags.out, 'runs.csv'),
    stringify([
      ['kernel', 'ns', 'processor_ns', 'arithmetic_before', 'memory_before', 'arithmetic_after', 'memory_after'],
      ...samples.map(({ kernel, ns, processorNs, before, after }) =>
        [kernel, ns, processorNs, before.arithmetic, before.memory, after.arithmetic, after.memory].map((value) =>
          typeof value === 'number' ? Math.round(value) : value,
        ),
      ),
    ]),
  );
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [mean(a), mean(b)];
  return mean(a.map((value, at) => (value - x) * ((b[at] as number) - y))) / (deviation(a) * deviation(b));
}

if (flags.opened !== undefined) {
  await measure(JSON.parse(flags.opened) as Device);
  process.exit();
}
const device = await chooseDevice(flags.device);
const hog = flags.hog ? startHog(1) : null;
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2), '--opened', JSON.stringify(device)],
  { env: { ...process.env, ...deviceEnvironment(device) }, stdio: ['ignore', 'inherit', 'inherit'] },
);
hog?.stop();
process.exitCode = status ?? 1;
