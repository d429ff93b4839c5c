import type { TreeTrainer } from '../../src/cost-model/booster.ts';
import { libraryTrainer } from '../../src/cost-model/library-trainer.ts';
import { ownTrainer } from '../../src/cost-model/own-trees/own-trainer.ts';
import { loadXgboost, type XgboostLibrary } from '../../src/cost-model/xgboost-library.ts';
import { createRandom } from '../../src/support/random.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';

/** Platforms for which the npm package has a build must have it; elsewhere tests that need it are skipped. */
const hasBuild = ['linux x64', 'darwin arm64'].includes(`${process.platform} ${process.arch}`);
const found = loadXgboost();
export const xgboostMissing = isRefusal(found) && !hasBuild;

export function xgboost(): XgboostLibrary {
  if (isRefusal(found)) throw new Error(explainRefusal(found));
  return found;
}

/** Every trainer that this machine has: what one promises, each keeps. */
export const trainers: readonly TreeTrainer[] = [...(xgboostMissing ? [] : [libraryTrainer(xgboost())]), ownTrainer];

export interface Sample {
  readonly rows: Float32Array;
  readonly columns: number;
  readonly count: number;
  readonly labels: Float32Array;
}

/**
 * Numbers in [0, 8), every tenth missing, and a label in (0, 1] that depends on the first three of them: a step, a product and a
 * peak, and on whether the fourth is missing. The other columns mean nothing.
 */
export function sample(count: number, columns: number, seed: number): Sample {
  const random = createRandom(seed);
  const rows = new Float32Array(count * columns);
  const labels = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const at = row * columns;
    for (let column = 0; column < columns; column++) {
      rows[at + column] = column > 2 && random.unit() < 0.1 ? Number.NaN : random.unit() * 8;
    }
    const [a, b, c, d] = rows.subarray(at, at + 4) as unknown as [number, number, number, number];
    const score =
      (a > 4 ? 1 : 0.4) * (0.2 + (a * b) / 64) * Math.exp(-Math.abs(c - 3) / 4) * (Number.isNaN(d) ? 0.3 : 1);
    labels[row] = Math.min(1, score);
  }
  return { rows, columns, count, labels };
}

/** Fraction of pairs that two lists put in the same order; 0.5 is a coin flip. */
export function pairwiseAccuracy(scores: Float32Array, truth: Float32Array): number {
  let right = 0;
  let pairs = 0;
  for (let a = 0; a < truth.length; a++) {
    for (let b = a + 1; b < truth.length; b++) {
      if (truth[a] === truth[b]) continue;
      pairs += 1;
      const wanted = (truth[a] as number) > (truth[b] as number);
      if ((scores[a] as number) !== (scores[b] as number) && (scores[a] as number) > (scores[b] as number) === wanted)
        right += 1;
    }
  }
  return right / pairs;
}
