import { createRandom } from '../support/random.ts';
import type { BoosterTraining } from './booster.ts';

/** First and second derivatives of a loss with respect to each row's margin, which the next tree is fitted to. */
export interface Gradients {
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Takes them at these margins. */
  take(margins: Float32Array): void;
}

/** Of half the squared error. */
export function squaredErrorGradients({ labels, weights }: BoosterTraining): Gradients {
  const first = new Float32Array(labels.length);
  const second = new Float32Array(labels.length);
  return {
    first,
    second,
    take: (margins) => {
      for (let row = 0; row < labels.length; row++) {
        const weight = weights === undefined ? 1 : (weights[row] as number);
        first[row] = ((margins[row] as number) - (labels[row] as number)) * weight;
        second[row] = weight;
      }
    },
  };
}

/** Below this a second derivative counts as this much, so that a pair that is surely right still weighs something. */
const leastSecond = 1e-16;

/**
 * Of RankNet's logistic loss (Burges et al., 2005) on pairs of rows of one group with different labels: each row meets `pairs` others drawn at random in
 * every round, as in XGBoost 1.7, whose later versions weigh pairs differently. `weights` are one per group.
 */
export function pairwiseGradients(training: BoosterTraining, pairs: number): Gradients {
  const { labels, weights } = training;
  const sizes = training.groups ?? Uint32Array.of(labels.length);
  const random = createRandom(training.seed).fork('pairs');
  const { order, better, worse, ends } = sortedGroups(labels, sizes);
  const weightSum = weights?.reduce((sum, weight) => sum + weight, 0) ?? sizes.length;
  const first = new Float32Array(labels.length);
  const second = new Float32Array(labels.length);

  const takeGroup = (begin: number, end: number, weight: number, margins: Float32Array): void => {
    for (let at = begin; at < end; at++) {
      const above = better[at] as number;
      const others = above - begin + (end - (worse[at] as number));
      if (others === 0) continue;
      const row = order[at] as number;
      for (let pair = 0; pair < pairs; pair++) {
        const drawn = begin + random.below(others);
        const isBetter = drawn < above;
        const other = order[isBetter ? drawn : drawn - above + (worse[at] as number)] as number;
        const winner = isBetter ? other : row;
        const loser = isBetter ? row : other;
        const chance = 1 / (1 + Math.exp((margins[loser] as number) - (margins[winner] as number)));
        const pull = (1 - chance) * weight;
        const curve = 2 * Math.max(chance * (1 - chance), leastSecond) * weight;
        first[winner] = (first[winner] as number) - pull;
        first[loser] = (first[loser] as number) + pull;
        second[winner] = (second[winner] as number) + curve;
        second[loser] = (second[loser] as number) + curve;
      }
    }
  };
  return {
    first,
    second,
    take: (margins) => {
      first.fill(0);
      second.fill(0);
      let begin = 0;
      for (const [group, end] of ends.entries()) {
        const weight = ((weights?.[group] ?? 1) * sizes.length) / weightSum / pairs;
        takeGroup(begin, end, weight, margins);
        begin = end;
      }
    },
  };
}

/** Rows of each group from the best label to the worst; at each place, where the rows with better labels end and those with worse ones begin. */
function sortedGroups(labels: Float32Array, sizes: Uint32Array) {
  const order = Uint32Array.from(labels.keys());
  const better = new Uint32Array(labels.length);
  const worse = new Uint32Array(labels.length);
  const ends = new Uint32Array(sizes.length);
  let begin = 0;
  for (const [group, size] of sizes.entries()) {
    const end = begin + size;
    order.subarray(begin, end).sort((a, b) => (labels[b] as number) - (labels[a] as number) || a - b);
    for (let at = begin; at < end; ) {
      let after = at + 1;
      while (after < end && labels[order[after] as number] === labels[order[at] as number]) after++;
      better.fill(at, at, after);
      worse.fill(after, at, after);
      at = after;
    }
    ends[group] = end;
    begin = end;
  }
  return { order, better, worse, ends };
}
