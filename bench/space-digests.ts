/**
 * What the space is made of, so that two versions of it can be compared: sketches, decisions, the answers of pruning on random prefixes, and
 * the trace, kernels and features of random legal candidates.
 *     node --import tsx bench/space-digests.ts --write before.json      (in one working tree)
 *     node --import tsx bench/space-digests.ts --against before.json    (in the other; exit code 1 where something differs)
 * Uses only what every version of the space exports, so that the same file runs in both.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createExtractor, featureNames, rowLength } from '../src/features/extractor.ts';
import { type DeviceDescription, type DeviceLimits, defaultLimits } from '../src/ir/limits.ts';
import { lowerProgram } from '../src/lowering/lower.ts';
import { makeWorkload, type WorkloadWish } from '../src/operators/parse-workload.ts';
import { createPruner } from '../src/space/pruning.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { instantiate, type Sketch } from '../src/space/sketch.ts';
import { hashJson, hashText } from '../src/support/hash.ts';
import { createRandom, type Random } from '../src/support/random.ts';
import { isRefusal } from '../src/support/refusal.ts';
import { programOf } from '../src/tuner/build.ts';
import { emit } from '../src/wgsl/emit.ts';

const gpu: DeviceLimits = {
  ...defaultLimits,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupStorageSize: 49152,
  subgroupMinSize: 32,
  subgroupMaxSize: 32,
};
const eight = { m: 8, n: 8, k: 8, component: 'f32', result: 'f32' } as const;
const limitSets: Readonly<Record<string, DeviceLimits>> = {
  default: defaultLimits,
  gpu,
  subgroups: { ...defaultLimits, subgroupMinSize: 8, subgroupMaxSize: 8 },
  matrices: {
    ...gpu,
    subgroupMatrix: { configs: [eight, { ...eight, component: 'f16' }], maxSubgroupsPerWorkgroup: 8 },
  } as unknown as DeviceLimits,
  tight: {
    ...defaultLimits,
    subgroupMinSize: 4,
    subgroupMaxSize: 4,
    maxComputeInvocationsPerWorkgroup: 32,
    maxComputeWorkgroupSizeX: 16,
    maxComputeWorkgroupSizeY: 8,
    maxComputeWorkgroupSizeZ: 2,
    maxComputeWorkgroupStorageSize: 512,
    maxComputeWorkgroupsPerDimension: 12,
  },
};

type Entry = readonly [limits: string, operator: string, shape: string, wish?: Omit<WorkloadWish, 'shape'>];
const entries: readonly Entry[] = [
  // The five recorded spaces.
  ['default', 'matmul', 'm=512,n=512,k=512'],
  ['default', 'matmul', 'm=8,n=1000,k=777'],
  ['default', 'conv2d', 'n=1,c=16,h=28,w=28,oc=32'],
  ['default', 'depthwise_conv2d', 'n=1,c=32,h=28,w=28'],
  ['default', 'softmax', 'rows=128,cols=1000'],
  // Shapes that divide by nothing, other types, other limits, every rule.
  ['default', 'matmul', 'm=197,n=77,k=33'],
  ['default', 'matmul', 'm=64,n=78,k=200', { attributes: { epilogue: 'relu(x + bias)' } }],
  ['tight', 'matmul', 'b=3,m=17,n=13,k=9'],
  ['gpu', 'matmul', 'm=1,n=77,k=330,transpose_b=1'],
  ['matrices', 'matmul', 'b=2,m=32,n=48,k=16'],
  ['matrices', 'matmul', 'm=16,n=64,k=24', { attributes: { epilogue: 'relu(x + bias)' } }],
  ['gpu', 'matmul', 'm=48,n=40,k=64', { dtype: 'f16' }],
  ['default', 'quantized_matmul', 'm=16,n=48,k=64'],
  ['default', 'conv2d', 'n=2,c=6,h=7,w=5,oc=9,groups=3'],
  ['tight', 'conv2d', 'n=1,c=4,h=9,w=9,oc=4,stride=2,pad=1'],
  ['default', 'conv2d_nhwc', 'n=1,c=8,h=14,w=14,oc=16'],
  ['default', 'max_pool2d', 'n=2,c=2,h=7,w=9,kh=2,kw=3,stride=1,pad=0'],
  ['subgroups', 'softmax', 'rows=7,cols=36'],
  ['default', 'softmax', 'rows=100000,cols=8'],
  ['tight', 'softmax', 'rows=13,cols=33'],
  ['subgroups', 'layer_norm', 'rows=40,cols=768'],
  ['gpu', 'reduce_sum', 'rows=64,cols=1024'],
  ['default', 'reduce_sum', 'rows=13,cols=31,axis=0'],
  ['default', 'reduce', 'n=1,c=4,h=3,w=96', { attributes: { kind: 'argmax', axes: 'w' } }],
  ['subgroups', 'attention', 'b=1,h=2,m=40,n=40,d=8,dv=8'],
  ['default', 'transpose', 'n=2,c=64,h=4,w=48'],
  ['tight', 'transpose', 'n=1,c=7,h=5,w=9'],
  ['default', 'elementwise', 'n=2,c=4,h=16,w=32', { attributes: { expression: 'x + y', y: '1,c,1,1' } }],
  ['default', 'elementwise', 'n=1,c=3,h=7,w=5'],
];

const device: DeviceDescription = {
  name: 'digest',
  vendor: 'mesa',
  architecture: 'llvmpipe',
  device: '',
  description: '',
  backend: 'vulkan',
  driver: '',
  type: 'cpu',
  dawnVersion: '',
  profile: 'browser',
  toggles: [],
  features: [],
  limits: defaultLimits,
  environment: { LP_NUM_THREADS: '2' },
};
const gpuDevice: DeviceDescription = { ...device, type: 'gpu', vendor: 'nvidia', architecture: 'ampere' };
const [walks, candidates, prefixes] = [60, 24, 4];

interface SketchDigest {
  readonly sketch: string;
  readonly decisions: unknown;
  /** Reasons met on random walks, from checks of the whole prefix and from checks of the newest decision alone. */
  readonly conflicts: string;
  readonly reasons: Readonly<Record<string, number>>;
  readonly candidates: readonly {
    readonly values: string;
    readonly trace: string;
    readonly kernels: string;
    /** Features of the candidate and of some of its prefixes, on two devices. */
    readonly features: readonly (readonly (number | null)[])[];
  }[];
}

function walk(sketch: Sketch, limits: DeviceLimits, random: Random): { log: string[]; values: Float64Array | null } {
  const [whole, partial] = [createPruner(sketch, limits), createPruner(sketch, limits)];
  const values = new Float64Array(sketch.decisions.length).fill(Number.NaN);
  const log = [`start ${whole.check(values)}`];
  for (const [d, { options }] of sketch.decisions.entries()) {
    const legal = options.filter((option) => {
      values[d] = option;
      const reason = partial.check(values, d);
      if (whole.check(values) !== reason) throw new Error(`${sketch.name}: the two ways to check differ`);
      log.push(`${d}=${option} ${reason}`);
      return reason === null;
    });
    if (legal.length === 0) return { log, values: null };
    values[d] = random.pick(legal);
  }
  // Random assignments, most of which are not legal.
  for (let i = 0; i < 4; i++)
    log.push(`${whole.check(Float64Array.from(sketch.decisions, ({ options }) => random.pick(options)))}`);
  return { log, values: whole.check(values) === null ? values : null };
}

function digestOf(sketch: Sketch, limits: DeviceLimits, random: Random): SketchDigest {
  const logs: string[] = [];
  const reasons: Record<string, number> = {};
  const found: Float64Array[] = [];
  for (let i = 0; i < walks; i++) {
    const { log, values } = walk(sketch, limits, random);
    logs.push(...log);
    for (const line of log) {
      const reason = line.split(' ').at(-1) as string;
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    if (values !== null && found.length < candidates) found.push(values);
  }
  const extractors = [device, gpuDevice].map((on) => createExtractor(sketch, { ...on, limits }));
  const row = new Float32Array(rowLength);
  return {
    sketch: sketch.name,
    decisions: sketch.decisions.map(({ name, doc, options, before }) => [name, doc, [...options], before ?? null]),
    conflicts: hashJson(logs),
    reasons,
    candidates: found.map((values) => {
      const made = instantiate(sketch, values);
      if (isRefusal(made)) throw new Error(`${sketch.name} ${values.join()}: ${made.reason}`);
      const lowered = lowerProgram(made.program, limits);
      const depths = [values.length, ...Array.from({ length: prefixes }, () => random.below(values.length + 1))];
      return {
        values: values.join(),
        trace: hashJson(made.trace.steps),
        kernels: isRefusal(lowered)
          ? lowered.reason
          : hashText(
              emit(lowered)
                .kernels.map(({ wgsl }) => wgsl)
                .join('\n'),
            ),
        features: depths.flatMap((depth) =>
          extractors.map((extractor) => {
            extractor.extract(values.slice().fill(Number.NaN, depth), row, 0);
            return [...row.subarray(0, featureNames.length)].map((value) => (Number.isNaN(value) ? null : value));
          }),
        ),
      };
    }),
  };
}

function differences(title: string, before: SketchDigest, after: SketchDigest): string[] {
  const found: string[] = [];
  for (const part of ['decisions', 'conflicts', 'reasons'] as const)
    if (JSON.stringify(before[part]) !== JSON.stringify(after[part]))
      found.push(`${part}: ${JSON.stringify(before[part])} -> ${JSON.stringify(after[part])}`);
  const columns = new Map<string, string>();
  for (const [i, old] of before.candidates.entries()) {
    const now = after.candidates[i];
    if (now?.values !== old.values) {
      found.push(`candidate ${i}: other values`);
      break;
    }
    for (const part of ['trace', 'kernels'] as const)
      if (now[part] !== old[part]) found.push(`${part} of ${old.values}: ${old[part]} -> ${now[part]}`);
    old.features.forEach((features, r) => {
      features.forEach((value, column) => {
        const other = now.features[r]?.[column] ?? null;
        const name = `${r < 2 ? 'complete' : 'prefix'} ${featureNames[column]}`;
        if (other !== value && !columns.has(name)) columns.set(name, `${value} -> ${other} at ${old.values}`);
      });
    });
  }
  return [...found, ...[...columns].map(([name, how]) => `feature ${name}: ${how}`)].map((line) => `${title}: ${line}`);
}

const { values: flags } = parseArgs({
  options: { write: { type: 'string' }, against: { type: 'string' }, only: { type: 'string', default: '' } },
});
const all: Record<string, SketchDigest[]> = {};
for (const [limits, operator, shape, wish] of entries) {
  const title = [limits, operator, shape, wish === undefined ? '' : JSON.stringify(wish)].join(' ').trim();
  if (!title.includes(flags.only)) continue;
  const program = programOf(makeWorkload(operator, { shape, ...wish }));
  const on = limitSets[limits] as DeviceLimits;
  all[title] = sketchesOf(program, on).map((sketch) => digestOf(sketch, on, createRandom(11).fork(sketch.name)));
}
if (flags.write !== undefined) writeFileSync(flags.write, JSON.stringify(all));
if (flags.against !== undefined) {
  const before = JSON.parse(readFileSync(flags.against, 'utf8')) as typeof all;
  const lines = Object.entries(all).flatMap(([title, after]) => {
    const old = before[title];
    const names = (list: readonly SketchDigest[]): string => list.map(({ sketch }) => sketch).join(', ');
    if (old === undefined) return [`${title}: not there before`];
    if (names(old) !== names(after)) return [`${title}: sketches ${names(old)} -> ${names(after)}`];
    return after.flatMap((digest, s) => differences(`${title}: ${digest.sketch}`, old[s] as SketchDigest, digest));
  });
  for (const line of lines) console.log(line);
  console.log(`${Object.keys(all).length} workloads, ${lines.length} differences`);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
for (const [title, digests] of Object.entries(all))
  if (flags.against === undefined)
    console.log(`${hashJson(digests)}  ${title}: ${digests.map(({ sketch }) => sketch)}`);
