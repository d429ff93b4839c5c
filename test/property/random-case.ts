import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { makeWorkload, type WorkloadWish } from '../../src/operators/parse-workload.ts';
import { describeWorkload, type Workload } from '../../src/operators/workload.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { instantiate, type Scheduled } from '../../src/space/sketch.ts';
import { createRandom, type Random } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { programOf } from '../../src/tuner/build.ts';
import { describeValues, legalCandidates } from '../space/candidates.ts';

/** A workload of one of six operators and a schedule of it that a search could propose. */
export interface RandomCase {
  readonly workload: Workload;
  readonly program: Program;
  readonly scheduled: Scheduled;
  /** Seed, workload and decisions: enough to make it again. */
  readonly title: string;
}

/** Sizes that people have, and sizes that nobody thinks of. */
const sizes = [1, 1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 24, 31, 32, 33, 40];

export function randomWish(random: Random, most: number): readonly [operator: string, WorkloadWish] {
  const size = (): number => random.pick(sizes.filter((value) => value <= most));
  const few = (bound: number): number => 1 + random.below(bound);
  const flag = (): number => random.below(2);
  switch (random.below(8)) {
    case 0:
    case 1: {
      const shape = { b: few(2), m: size(), n: size(), k: size(), transpose_a: flag(), transpose_b: flag() };
      return ['matmul', { shape }];
    }
    case 2:
    case 3: {
      const groups = few(3);
      const window = { kh: few(3), kw: few(3), stride: few(2), pad: flag(), dilation: few(2) };
      const image = { h: 5 + random.below(5), w: 5 + random.below(6) };
      const shape = { n: few(2), c: groups * few(3), oc: groups * few(4), groups, ...image, ...window };
      return ['conv2d', { shape }];
    }
    case 4:
      return ['reduce_sum', { shape: { rows: size(), cols: size() * few(4), axis: flag() } }];
    case 5:
      return ['reduce_max', { shape: { rows: size() * few(3), cols: size(), axis: flag() } }];
    case 6:
      return ['softmax', { shape: { rows: size(), cols: size() * few(3) } }];
    default: {
      const attributes = random.pick([
        { expression: 'x * y - z', y: '1,c,1,1', z: 'n,1,h,1' },
        { expression: 'max(x, 0) + y * 0.5', y: '1,1,1,w' },
        { expression: 'x * x - 2' },
      ]);
      return ['elementwise', { shape: { n: few(2), c: few(3), h: size(), w: size() }, attributes }];
    }
  }
}

export interface CaseOptions {
  readonly seed: number;
  readonly index: number;
  readonly dtype?: 'f32' | 'f16';
  readonly limits?: DeviceLimits;
  /** Largest size of a dimension. */
  readonly most?: number;
}

/** The case of a seed and an index: one of a workload's sketches with random legal decisions, now and then the naive schedule. */
export function randomCase({ seed, index, dtype = 'f32', limits = defaultLimits, most = 40 }: CaseOptions): RandomCase {
  const random = createRandom(seed).fork(`case ${index}`);
  const [operator, wish] = randomWish(random, most);
  const epilogue = random.below(4) === 0 ? { epilogue: 'relu(x + bias)' } : {};
  const workload = makeWorkload(operator, { ...wish, attributes: { ...wish.attributes, ...epilogue }, dtype });
  const program = programOf(workload);
  const start = `seed ${seed}, case ${index}: ${describeWorkload(workload)}`;
  if (random.below(12) === 0) {
    const scheduled = naiveSchedule(program);
    if (isRefusal(scheduled)) throw new Error(`${start}, naive: ${explainRefusal(scheduled)}`);
    return { workload, program, scheduled, title: `${start}, naive` };
  }
  const sketch = random.pick(sketchesOf(program));
  const [values] = legalCandidates(sketch, limits, 1, random);
  if (values === undefined) throw new Error(`${start}, ${sketch.name}: no legal candidate`);
  const title = `${start}, ${describeValues(sketch, values)}`;
  const scheduled = instantiate(sketch, values);
  if (isRefusal(scheduled)) throw new Error(`${title}: ${explainRefusal(scheduled)}`);
  return { workload, program, scheduled, title };
}
