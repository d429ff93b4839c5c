import { describe, expect, it } from 'vitest';
import { type BoosterTraining, loadBooster } from '../../src/cost-model/booster.ts';
import { forestFromModel, predictForest } from '../../src/cost-model/flat-forest.ts';
import { trainInLibrary } from '../../src/cost-model/library-trainer.ts';
import { ownTrainer } from '../../src/cost-model/own-trees/own-trainer.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { sample, xgboost, xgboostMissing } from './fixtures.ts';

function training(seed: number, objective: BoosterTraining['objective'], rounds: number): BoosterTraining {
  const { rows, columns, labels } = sample(300, 20, seed);
  return { rows, columns, labels, objective, rounds, seed, threads: 1 };
}

describe.skipIf(xgboostMissing)('the flat forest predicts what the library predicts, bit for bit', () => {
  for (const objective of ['rank:pairwise', 'reg:squarederror'] as const) {
    for (const [seed, rounds, depth] of [
      [1, 1, 6],
      [2, 40, 6],
      [3, 25, 1],
      [4, 10, 12],
    ] as const) {
      it(`${objective}, ${rounds} rounds of depth ${depth}`, () => {
        const given = { ...training(seed, objective, rounds), params: { max_depth: depth } };
        const inLibrary = trainInLibrary(xgboost(), given);
        const forest = forestFromModel(inLibrary.save());
        if (isRefusal(forest)) throw new Error(forest.message());
        const { rows, columns } = sample(257, 20, seed + 100);
        // Values that no sample has: the ends of the range, the thresholds themselves, and rows of missing values.
        rows.fill(Number.NaN, 0, columns);
        rows.fill(Number.POSITIVE_INFINITY, columns, 2 * columns);
        rows.fill(Number.NEGATIVE_INFINITY, 2 * columns, 3 * columns);
        for (let node = 0; node < Math.min(forest.feature.length, 40); node++) {
          const threshold = forest.threshold[node] as number;
          if (!Number.isNaN(threshold)) rows[(3 + node) * columns + (forest.feature[node] as number)] = threshold;
        }
        const expected = new Float32Array(257);
        inLibrary.predict({ rows, count: 257, columns }, expected);
        inLibrary.free();
        // Rows are walked four at a time, so every remainder must come out right.
        for (const count of [0, 1, 2, 3, 4, 5, 257]) {
          const into = new Float32Array(257).fill(-7);
          predictForest(forest, rows, count, columns, into);
          expect(into.slice(0, count)).toEqual(expected.slice(0, count));
          expect(into.slice(count).every((value) => value === -7)).toBe(true);
        }
      });
    }
  }
});

describe('a damaged model is refused', () => {
  interface Tree {
    left_children: number[];
    right_children: number[];
    split_indices: number[];
    categories: number[];
  }
  interface Model {
    learner: {
      learner_model_param: { base_score: string; num_feature: string };
      gradient_booster: { name: string; model: { trees: Tree[] } };
    };
  }
  const model = (): Model =>
    JSON.parse(new TextDecoder().decode(ownTrainer.train(training(1, 'reg:squarederror', 2)).save())) as Model;
  const trees = (value: Model): Tree => value.learner.gradient_booster.model.trees[0] as Tree;

  const damages: Record<string, [(value: Model) => void, RegExp]> = {
    'another booster': [(value) => Object.assign(value.learner.gradient_booster, { name: 'gblinear' }), /gblinear/],
    'a child that is not there': [(value) => trees(value).left_children.splice(0, 1, 9999), /no node 9999/],
    'a cycle': [(value) => trees(value).right_children.splice(0, 1, 0), /not a tree/],
    'a feature that is not there': [(value) => trees(value).split_indices.splice(0, 1, 500), /feature 500 of 20/],
    'categorical splits': [(value) => trees(value).categories.push(1), /categorical/],
    'no features': [(value) => Object.assign(value.learner.learner_model_param, { num_feature: '0' }), /0 features/],
    'no base score': [(value) => Object.assign(value.learner.learner_model_param, { base_score: 'x' }), /base score/],
  };
  for (const [title, [damage, message]] of Object.entries(damages)) {
    it(title, () => {
      const value = model();
      damage(value);
      const result = loadBooster(new TextEncoder().encode(JSON.stringify(value)));
      expect(isRefusal(result) && result.message()).toMatch(message);
    });
  }

  it('that is no JSON, or JSON of something else', () => {
    for (const text of ['', '{', '{}', '[]', 'null', '{"learner":{}}']) {
      const result = forestFromModel(new TextEncoder().encode(text));
      expect(isRefusal(result) && result.reason, text).toBe('model-unreadable');
    }
  });
});
