import { describe, expect, it } from 'vitest';
import { heldOutBy } from '../../bench/boosters/held-out.ts';
import { readMeasured } from '../../bench/ranking/measured.ts';
import { meanOf } from '../../bench/ranking/measures.ts';
import { type BoosterTraining, loadBooster } from '../../src/cost-model/booster.ts';
import { pairwiseGradients } from '../../src/cost-model/gradients.ts';
import { cutIntoBins } from '../../src/cost-model/own-trees/bins.ts';
import { ownTrainer } from '../../src/cost-model/own-trees/own-trainer.ts';
import { growTrees } from '../../src/cost-model/own-trees/train.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { sample, trainers, xgboost, xgboostMissing } from './fixtures.ts';

const columns = 20;
const { rows, labels } = sample(400, columns, 1);
const training = (changes: Partial<BoosterTraining> = {}): BoosterTraining => ({
  ...{ rows, columns, labels, objective: 'reg:squarederror', rounds: 20, seed: 1, threads: 1 },
  ...changes,
});

describe.skipIf(xgboostMissing)('XGBoost reads the files of our own trees', () => {
  it.each([
    ['reg:squarederror', 6],
    ['rank:pairwise', 6],
    ['reg:squarederror', 1],
    ['rank:pairwise', 12],
  ] as const)('and predicts the same, bit for bit: %s, depth %i', (objective, max_depth) => {
    const booster = ownTrainer.train(training({ objective, params: { max_depth } }));
    const inLibrary = xgboost().loadBooster(booster.save());
    if (isRefusal(inLibrary)) throw new Error(inLibrary.message());
    const asked = sample(300, columns, 2);
    const [ours, theirs, again] = [0, 1, 2].map(() => new Float32Array(300)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    booster.predict(asked.rows, 300, columns, ours);
    inLibrary.predict({ rows: asked.rows, count: 300, columns }, theirs);
    inLibrary.free();
    expect(theirs).toEqual(ours);
    expect(new Set(ours).size).toBeGreaterThan(2);
    const loaded = loadBooster(booster.save());
    if (isRefusal(loaded)) throw new Error(loaded.message());
    loaded.predict(asked.rows, 300, columns, again);
    expect(again).toEqual(ours);
  });

  it('and finds the same splits with the same gains', () => {
    // One tree on all columns, with a bin for each value: nothing is drawn or rounded, so that both must agree.
    const coarse = rows.map((value) => Math.round(value * 4) / 4);
    const given = training({ rows: coarse, rounds: 1, params: { max_depth: 3 } });
    const [theirs, ours] = trainers.map((trainer) => nodesOf(treeOf(trainer.train(given).save())));
    if (theirs === undefined || ours === undefined) throw new Error('there are two trainers');
    expect(ours.length).toBeGreaterThan(8);
    expect(ours.map(({ text }) => text)).toEqual(theirs.map(({ text }) => text));
    for (const [at, { numbers }] of theirs.entries())
      for (const [which, value] of numbers.entries()) expect(ours[at]?.numbers[which]).toBeCloseTo(value, 4);
  });
});

interface SavedTree {
  readonly split_indices: readonly number[];
  readonly left_children: readonly number[];
  readonly right_children: readonly number[];
  readonly default_left: readonly (number | boolean)[];
  readonly loss_changes: readonly number[];
  readonly sum_hessian: readonly number[];
  readonly split_conditions: readonly number[];
}

/** The nodes of a tree from the left to the right, parents first: files may number them in any order. */
function nodesOf(tree: SavedTree, node = 0): { readonly text: string; readonly numbers: readonly number[] }[] {
  const [left = -1, right = -1] = [tree.left_children[node], tree.right_children[node]];
  const numbers = [tree.loss_changes, tree.sum_hessian, tree.split_conditions].map((list) => list[node] as number);
  if (left === -1) return [{ text: 'leaf', numbers }];
  const text = `column ${tree.split_indices[node]}, missing values ${tree.default_left[node] ? 'left' : 'right'}`;
  return [{ text, numbers }, ...nodesOf(tree, left), ...nodesOf(tree, right)];
}

function treeOf(bytes: Uint8Array): SavedTree {
  return JSON.parse(new TextDecoder().decode(bytes)).learner.gradient_booster.model.trees[0];
}

describe.skipIf(xgboostMissing)('our own trees rank the candidates of recorded spaces as well as XGBoost', () => {
  const spaces = readMeasured('tuning-logs/spaces');
  it.each(['rank:pairwise', 'reg:squarederror'] as const)(
    'within a hundredth of the pairs, by %s',
    { timeout: 240_000 },
    async (objective) => {
      const gaps: number[] = [];
      for (const measured of await spaces)
        for (const seed of [1, 2]) {
          const [theirs, ours] = await heldOutBy(trainers, measured, { taught: 100, judged: 200, seed, objective });
          if (theirs === undefined || ours === undefined) throw new Error('there are two trainers');
          expect(ours.accuracy).toBeGreaterThan(0.75);
          gaps.push(ours.accuracy - theirs.accuracy);
        }
      expect(Math.abs(meanOf(gaps)), gaps.map((gap) => gap.toFixed(3)).join(' ')).toBeLessThan(0.01);
    },
  );
});

describe('trees of our own', () => {
  it('fit each row exactly where there are leaves, bins and depth enough', () => {
    const params = { max_depth: 30, min_child_weight: 0, lambda: 0, eta: 1, gamma: 0, max_bin: 1000 };
    const apart = labels.map((_, row) => ((row * 37) % 400) / 40);
    const booster = ownTrainer.train(training({ labels: apart, rounds: 3, params }));
    const into = new Float32Array(400);
    booster.predict(rows, 400, columns, into);
    for (const [row, label] of apart.entries()) expect(into[row]).toBeCloseTo(label, 3);
  });

  it('leave no side of a split lighter than asked, and none that gains less than asked', () => {
    const params = { min_child_weight: 30, gamma: 0.5 };
    const grove = growTrees(training({ rounds: 10 }), params);
    expect(grove.left.length).toBeGreaterThan(10);
    for (const [node, left] of grove.left.entries()) {
      if (left === node) continue;
      expect(Math.min(...grove.hessian.slice(left, left + 2))).toBeGreaterThanOrEqual(30);
      expect(grove.gain[node]).toBeGreaterThan(0.5);
    }
  });

  it('say what they are asked and cannot do', () => {
    const bad = (params: Record<string, string | number>) => () => ownTrainer.train(training({ params }));
    expect(bad({ booster: 'dart' })).toThrow(/no parameter booster of value dart; there are eta,/);
    expect(bad({ max_bin: 1 })).toThrow(/max_bin is 1; it must be a whole number from 2 to/);
    const infinite = rows.slice();
    infinite[43] = Number.POSITIVE_INFINITY;
    expect(() => ownTrainer.train(training({ rows: infinite }))).toThrow(/column 3 of row 2 is infinite/);
  });

  it('stand for nothing where there is nothing to learn: one row, equal rows, missing values alone', () => {
    for (const count of [1, 5]) {
      const booster = ownTrainer.train({
        ...training(),
        rows: new Float32Array(count * columns).fill(count === 1 ? 3 : Number.NaN),
        labels: new Float32Array(count).fill(2),
      });
      const into = new Float32Array(1);
      booster.predict(rows, 1, columns, into);
      // Shrunk towards 0 by lambda, and equal everywhere.
      expect(into[0]).toBeGreaterThan(0.5);
      expect(into[0]).toBeLessThanOrEqual(2);
    }
  });
});

describe('bins', () => {
  it('hold one value each where there are few, and about equally many rows where there are many', () => {
    const count = 1000;
    const two = new Float32Array(count * 2);
    for (let row = 0; row < count; row++) {
      two[2 * row] = row % 7 === 6 ? Number.NaN : row % 7;
      two[2 * row + 1] = (row * 37) % count;
    }
    const bins = cutIntoBins(two, count, 2, 16);
    expect([...bins.starts]).toEqual([0, 7, 23]);
    expect([...bins.edges.slice(0, 6)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...bins.missing]).toEqual([1, 0]);
    const sizes = new Array<number>(23).fill(0);
    for (let row = 0; row < count; row++) {
      const [few, many] = [bins.of[row] as number, 7 + (bins.of[count + row] as number)];
      sizes[few] = (sizes[few] as number) + 1;
      sizes[many] = (sizes[many] as number) + 1;
      expect(two[2 * row + 1]).toBeGreaterThanOrEqual(bins.edges[many] as number);
      if (many < 22) expect(two[2 * row + 1]).toBeLessThan(bins.edges[many + 1] as number);
    }
    expect(sizes[6]).toBe(142);
    for (const size of sizes.slice(7)) expect(Math.abs(size - count / 16)).toBeLessThanOrEqual(1);
  });
});

describe('gradients of pairs', () => {
  const at = (margins: readonly number[], labelled: readonly number[], more: Partial<BoosterTraining> = {}) => {
    const gradients = pairwiseGradients(training({ labels: Float32Array.from(labelled), ...more }), 3);
    gradients.take(Float32Array.from(margins));
    return gradients;
  };

  it('pull the better of two rows up and the other one down, by what the margins leave to doubt', () => {
    const { first, second } = at([0, 0], [1, 0]);
    // Both rows draw the only pair three times, each time a third of its weight: twice 1/2, and twice 2 x 1/4.
    expect([...first]).toEqual([-1, 1].map((value) => expect.closeTo(value, 5)));
    expect([...second]).toEqual([1, 1].map((value) => expect.closeTo(value, 5)));
    const sure = at([10, 0], [1, 0]);
    expect(Math.abs(sure.first[0] as number)).toBeLessThan(1e-3);
  });

  it('add up to nothing in each group, and none crosses groups or equal labels', () => {
    const { first } = at([1, 2, 3, 4, 5, 6], [3, 1, 2, 9, 9, 9], { groups: Uint32Array.of(3, 3) });
    expect((first[0] as number) + (first[1] as number) + (first[2] as number)).toBeCloseTo(0, 5);
    expect([...first.slice(3)]).toEqual([0, 0, 0]);
    expect(first[0]).toBeLessThan(0);
  });

  it('weigh groups by their share of the weights', () => {
    const groups = Uint32Array.of(2, 2);
    const { first } = at([0, 0, 0, 0], [1, 0, 1, 0], { groups, weights: Float32Array.of(3, 1) });
    expect([...first]).toEqual([-1.5, 1.5, -0.5, 0.5].map((value) => expect.closeTo(value, 5)));
  });
});
