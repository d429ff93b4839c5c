import type { Pruner } from '../../space/pruning.ts';
import type { Random } from '../../support/random.ts';
import type { SearchSketch } from '../strategy.ts';

const triesADecision = 6;

/**
 * Makes the open decisions of `values`, a legal prefix of `depth` decisions, at random, each choice checked by exact pruning and made again when refused.
 * With a `donor`, a candidate of the sketch, its choice comes first.
 * Returns false, leaving a half-made prefix, when some decision found no legal option in a few tries.
 */
export function completeAtRandom(
  sketch: Pick<SearchSketch, 'decisions'>,
  pruner: Pruner,
  values: Float64Array,
  depth: number,
  random: Random,
  donor?: ArrayLike<number>,
): boolean {
  for (let d = depth; d < sketch.decisions.length; d++) {
    const { options } = sketch.decisions[d] as SearchSketch['decisions'][number];
    let legal = false;
    if (donor !== undefined) {
      values[d] = donor[d] as number;
      legal = pruner.check(values, d) === null;
    }
    for (let attempt = 0; attempt < triesADecision && !legal; attempt++) {
      values[d] = options[random.below(options.length)] as number;
      legal = pruner.check(values, d) === null;
    }
    for (let o = 0; o < options.length && !legal; o++) {
      values[d] = options[o] as number;
      legal = pruner.check(values, d) === null;
    }
    if (!legal) {
      values.fill(Number.NaN, d);
      return false;
    }
  }
  // A sketch without decisions is complete as it is.
  return sketch.decisions.length > 0 || pruner.check(values) === null;
}
