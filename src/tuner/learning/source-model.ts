import type { CostModel, TrainingData } from '../../cost-model/cost-model.ts';
import type { LearningRows } from './group-rows.ts';

/** Measurements of several origins as one training set; the rows of each are compared among themselves only. `weights`: how much each counts. */
export function joinSets(sets: readonly LearningRows[], columns: number, weights?: readonly number[]): TrainingData {
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const rows = new Float32Array(count * columns);
  const [labels, weight] = [new Float32Array(count), new Float32Array(count)];
  const groups = new Uint32Array(count);
  let at = 0;
  for (const [group, set] of sets.entries()) {
    rows.set(set.rows, at * columns);
    labels.set(set.labels, at);
    groups.fill(group, at, at + set.count);
    weight.fill(weights?.[group] ?? 1, at, at + set.count);
    at += set.count;
  }
  return { rows, columns, count, labels, groups, ...(weights === undefined ? {} : { weights: weight }) };
}

/** A model whose scores are natural logarithms of throughput, up to a constant, and which has learned all it will. */
export function inLogarithms(model: CostModel): CostModel {
  const step = model.step ?? 1;
  return {
    ...{ name: model.name, trained: true, step: 1, fit: () => {} },
    score: (rows, count, columns, into) => {
      model.score(rows, count, columns, into);
      for (let row = 0; row < count; row++) into[row] = (into[row] as number) / step;
    },
  };
}

/** Candidates so much slower than the best (e^3 is 20 times) are all alike: how slow they are says nothing of the fast ones. */
const lowestScore = -3;

/** Scores with the best at zero, and none below the lowest that tells something. */
export function boundedScores(scores: Float32Array): Float32Array {
  const best = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  return scores.map((score) => Math.max(lowestScore, score - best));
}

/** What measurements elsewhere say of candidates: the logarithm of their throughput relative to the best; the given scores where there is none. */
export function withMeasured(scores: Float32Array, timesNs: readonly (number | null | undefined)[]): Float32Array {
  const bestNs = timesNs.reduce<number>((best, time) => Math.min(best, time ?? best), Number.POSITIVE_INFINITY);
  const joined = scores.map((score, at) => {
    const timeNs = timesNs[at];
    return timeNs === undefined ? score : timeNs === null ? lowestScore : Math.log(bestNs / timeNs);
  });
  return boundedScores(joined);
}
