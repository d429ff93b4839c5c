/**
 * What a candidate costs before a device sees it, in processor milliseconds on one core: emission (decisions -> trace -> scheduled
 * program, through every primitive's legality checks), replay (the same from the trace alone, as records are read), lowering and WGSL text.
 *     node --import tsx bench/lowering.ts [part of a title]
 * Random legal candidates of every sketch, after a warm-up with other candidates. Each is built five times from scratch and counts with the
 * median of every part, so that a busy machine does not pass for a slow compiler; whole = emission + lowering + text.
 */
import { cpus } from 'node:os';
import { defaultLimits } from '../src/ir/limits.ts';
import { lowerProgram } from '../src/lowering/lower.ts';
import { makeWorkload, type WorkloadWish } from '../src/operators/parse-workload.ts';
import { isFault, replay } from '../src/schedule/replay.ts';
import { sketchesOf } from '../src/space/rules.ts';
import { instantiate, type Sketch } from '../src/space/sketch.ts';
import { createRandom } from '../src/support/random.ts';
import { explainRefusal, isRefusal } from '../src/support/refusal.ts';
import { programOf } from '../src/tuner/build.ts';
import { emit } from '../src/wgsl/emit.ts';
import { legalCandidates } from '../test/space/candidates.ts';

const classes: readonly (readonly [operator: string, wish: WorkloadWish])[] = [
  ['matmul', { shape: 'm=512,n=512,k=512' }],
  ['matmul', { shape: 'm=509,n=503,k=499' }],
  ['matmul', { shape: 'm=197,n=768,k=768', attributes: { epilogue: 'relu(x + shift)' } }],
  ['conv2d', { shape: 'n=1,c=64,h=56,w=56,oc=64' }],
  ['conv2d_nhwc', { shape: 'n=1,c=64,h=56,w=56,oc=64' }],
  ['depthwise_conv2d', { shape: 'n=1,c=64,h=56,w=56' }],
  ['softmax', { shape: 'rows=128,cols=1024' }],
  ['layer_norm', { shape: 'rows=128,cols=768' }],
];

const [warmUp, measured, repeats] = [150, 80, 5];
const parts = ['emission', 'replay', 'lowering', 'text', 'whole'] as const;
type Times = Record<(typeof parts)[number], number>;

console.log(
  `${new Date().toISOString().slice(0, 10)}  ${cpus()[0]?.model ?? 'unknown CPU'}  node ${process.version}  one core`,
);
console.log(`medians of ${measured} random candidates in ms (90th percentile)`);
console.log(`${'workload'.padEnd(64)}${parts.map((part) => part.padStart(14)).join('')}`);

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
function summary(values: readonly number[]): string {
  const order = sorted(values);
  const at = (q: number): string => (order[Math.floor(q * (order.length - 1))] as number).toFixed(2);
  return `${at(0.5)} (${at(0.9)})`.padStart(14);
}

for (const [operator, wish] of classes) {
  const title = [operator, wish.shape, ...Object.entries(wish.attributes ?? {}).map((pair) => pair.join('='))].join(
    ' ',
  );
  if (!title.includes(process.argv[2] ?? '')) continue;
  const workload = makeWorkload(operator, wish);
  const sketches = sketchesOf(programOf(workload));
  const random = createRandom(3);
  const draw = (count: number): [Sketch, Float64Array][] =>
    Array.from({ length: count }, (_, i) => sketches[i % sketches.length] as Sketch).flatMap((sketch) =>
      legalCandidates(sketch, defaultLimits, 1, random).map((values): [Sketch, Float64Array] => [sketch, values]),
    );
  for (const [sketch, values] of draw(warmUp)) timesOf(sketch, values, title);
  const all: Times[] = [];
  for (const [sketch, values] of draw(measured)) {
    const runs = Array.from({ length: repeats }, () => timesOf(sketch, values, title)).filter(
      (times) => times !== null,
    );
    if (runs.length === 0) continue;
    const middle = (part: keyof Times): number => sorted(runs.map((run) => run[part]))[repeats >> 1] as number;
    all.push(Object.fromEntries(parts.map((part) => [part, middle(part)])) as Times);
  }
  console.log(`${title.padEnd(64)}${parts.map((part) => summary(all.map((times) => times[part]))).join('')}`);
}

/** Null for a candidate that lowering refuses. */
function timesOf(sketch: Sketch, values: Float64Array, title: string): Times | null {
  const [emission, scheduled] = timed(() => instantiate(sketch, values));
  if (isRefusal(scheduled)) throw new Error(`${title}: ${explainRefusal(scheduled)}`);
  const [again, replayed] = timed(() => replay(sketch.program, scheduled.trace));
  if (isFault(replayed)) throw new Error(`${title}: ${explainRefusal(replayed.refusal)}`);
  const [lowering, lowered] = timed(() => lowerProgram(scheduled.program, defaultLimits));
  if (isRefusal(lowered)) return null;
  const [text] = timed(() => emit(lowered));
  return { emission, replay: again, lowering, text, whole: emission + lowering + text };
}

function timed<T>(work: () => T): [milliseconds: number, result: T] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [(user + system) / 1000, result];
}
