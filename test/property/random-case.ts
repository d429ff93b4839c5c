import { type DeviceLimits, defaultLimits } from '../../src/ir/limits.ts';
import type { Program } from '../../src/ir/nodes.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { describeWorkload, type Workload } from '../../src/operators/workload.ts';
import { naiveSchedule, sketchesOf } from '../../src/space/rules.ts';
import { spaceSizes } from '../../src/space/sizes.ts';
import { instantiate, type Scheduled } from '../../src/space/sketch.ts';
import { UserError } from '../../src/support/errors.ts';
import { createRandom, type Random } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';
import { programOf } from '../../src/tuner/build.ts';
import {
  anyWalk,
  describeValues,
  legalCandidates,
  packAll,
  sharedChains,
  smallChains,
  smallSplits,
  smallTransforms,
} from '../space/candidates.ts';
import { imageWish, randomWish } from './random-wish.ts';

/** A workload of an operator of the catalog and a schedule of it that a search could propose. */
export interface RandomCase {
  readonly workload: Workload;
  readonly program: Program;
  readonly scheduled: Scheduled;
  /** Whether its inputs have NaN and infinities among them. */
  readonly nonFinite: boolean;
  /** Seed, workload and decisions: enough to make it again. */
  readonly title: string;
}

export interface CaseOptions {
  readonly seed: number;
  readonly index: number;
  readonly dtype?: 'f32' | 'f16';
  readonly limits?: DeviceLimits;
  /** Largest size of a dimension. */
  readonly most?: number;
  /** Only convolutions of images by Winograd's algorithm. */
  readonly isTransformed?: boolean;
}

/** The limits that every device grants, with the subgroups of SwiftShader, which is always installed. */
export const judgedLimits: DeviceLimits = { ...defaultLimits, subgroupMinSize: 4, subgroupMaxSize: 4 };

/** Now and then with sums in f16, where the workload can have them. */
function withSumsInEither(random: Random, make: (accumulate: Readonly<Record<string, string>>) => Workload): Workload {
  const plain = make({});
  if (plain.dtype === 'f32' || random.below(4) > 0) return plain;
  try {
    return make({ accumulate: 'f16' });
  } catch (error) {
    if (error instanceof UserError) return plain;
    throw error;
  }
}

/** Now and then with some of its inputs constant. */
function withConstants(random: Random, workload: Workload): Workload {
  const constant = random.below(3) > 0 ? [] : programOf(workload).inputs.filter(() => random.below(2) === 0);
  if (constant.length === 0) return workload;
  const { operator, params, attributes, dtype } = workload;
  const wish = { shape: params, attributes: { ...attributes, constant: constant.join(',') }, dtype };
  return makeWorkload(operator, { ...wish, recorded: true });
}

/** The case of a seed and an index: one of a workload's sketches with random legal decisions, now and then the naive schedule. */
export function randomCase(options: CaseOptions): RandomCase {
  const { seed, index, dtype = 'f32', limits = judgedLimits, most = 40, isTransformed = false } = options;
  const random = createRandom(seed).fork(`case ${index}`);
  const [operator, wish] = isTransformed ? imageWish(random) : randomWish(random, most);
  // The operator's own tensors have upper-case names and a few that are not these.
  const formula = random.pick(['', '', '', 'relu(x + shift)', 'x * factor', 'x * factor + residual']);
  const epilogue = formula === '' ? {} : { epilogue: formula };
  const attributes = { ...wish.attributes, ...epilogue };
  const varying = withSumsInEither(random, (accumulate) =>
    makeWorkload(operator, { ...wish, attributes: { ...attributes, ...accumulate }, dtype }),
  );
  const workload = withConstants(createRandom(seed).fork(`constants ${index}`), varying);
  const program = programOf(workload);
  const nonFinite = createRandom(seed).fork(`non-finite ${index}`).below(3) === 0;
  const start = `seed ${seed}, case ${index}: ${describeWorkload(workload)}${nonFinite ? ' of non-finite values' : ''}`;
  if (!isTransformed && random.below(12) === 0) {
    const scheduled = naiveSchedule(program);
    if (isRefusal(scheduled)) throw new Error(`${start}, naive: ${explainRefusal(scheduled)}`);
    return { workload, program, scheduled, nonFinite, title: `${start}, naive` };
  }
  // Now and then with reductions split that are as short as all others here.
  const { gpu } = spaceSizes;
  const splits = createRandom(seed).fork(`splits ${index}`).below(3) === 0 ? smallSplits : gpu.splits;
  // Sums over windows of 3 by 3 now and then by Winograd's algorithm, also where it does not pay.
  const transforming = createRandom(seed).fork(`transforms ${index}`);
  const transforms =
    isTransformed || transforming.below(3) === 0 ? smallTransforms[transforming.pick([2, 4] as const)] : gpu.transforms;
  const chains = createRandom(seed).fork(`chains ${index}`).pick([smallChains, sharedChains, gpu.chains, gpu.chains]);
  const walks = createRandom(seed).fork(`walks ${index}`).below(2) === 0 ? anyWalk : gpu.walks;
  const sketches = sketchesOf(program, limits, { splits, packs: packAll, transforms, chains, walks });
  const sketch = random.pick(isTransformed ? sketches.filter((one) => one.transforms.length > 0) : sketches);
  const [values] = legalCandidates(sketch, limits, 1, random);
  if (values === undefined) throw new Error(`${start}, ${sketch.name}: no legal candidate`);
  const title = `${start}, ${describeValues(sketch, values)}`;
  const scheduled = instantiate(sketch, values);
  if (isRefusal(scheduled)) throw new Error(`${title}: ${explainRefusal(scheduled)}`);
  // An element that is not finite reaches all outputs of its tiles there.
  return { workload, program, scheduled, nonFinite: nonFinite && sketch.transforms.length === 0, title };
}
