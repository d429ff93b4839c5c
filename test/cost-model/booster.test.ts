import { describe, expect, it } from 'vitest';
import { type Booster, type BoosterTraining, loadBooster } from '../../src/cost-model/booster.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { pairwiseAccuracy, sample, trainers } from './fixtures.ts';

const columns = 20;
const train = sample(600, columns, 1);
const test = sample(300, columns, 2);

function predictTest(booster: Booster): Float32Array {
  const into = new Float32Array(test.count);
  booster.predict(test.rows, test.count, columns, into);
  return into;
}

describe.each(trainers)('a booster of $name', (trainer) => {
  const trainOn = (changes: Partial<BoosterTraining>): Booster => {
    const { rows, labels } = train;
    const given = { rows, columns, labels, objective: 'reg:squarederror', rounds: 60, seed: 1, threads: 1 } as const;
    return trainer.train({ ...given, ...changes });
  };

  it('learns a known function', () => {
    const predicted = predictTest(trainOn({}));
    const mean = test.labels.reduce((sum, value) => sum + value, 0) / test.count;
    let wrong = 0;
    let spread = 0;
    for (let row = 0; row < test.count; row++) {
      wrong += ((predicted[row] as number) - (test.labels[row] as number)) ** 2;
      spread += ((test.labels[row] as number) - mean) ** 2;
    }
    expect(wrong / spread).toBeLessThan(0.1);
  });

  it('ranks', () => {
    expect(pairwiseAccuracy(predictTest(trainOn({ objective: 'rank:pairwise' })), test.labels)).toBeGreaterThan(0.88);
  });

  it('compares inside groups only', () => {
    // Every row of the second half is better by 10, and column 19 tells which half a row is of: one ranking learns the offset, two
    // rankings must not.
    const half = train.count / 2;
    const labels = train.labels.slice();
    for (let row = half; row < train.count; row++) labels[row] = 10 + (labels[row] as number);
    const rows = train.rows.slice();
    for (let row = 0; row < train.count; row++) rows[row * columns + 19] = row < half ? 0 : 1;
    const probe = test.rows.slice(0, columns * 2);
    probe.copyWithin(columns, 0, columns);
    probe[19] = 0;
    probe[columns + 19] = 1;
    const gap = (groups: Uint32Array): number => {
      const booster = trainOn({ rows, labels, objective: 'rank:pairwise', groups });
      const into = new Float32Array(2);
      booster.predict(probe, 2, columns, into);
      return Math.abs((into[1] as number) - (into[0] as number));
    };
    expect(gap(Uint32Array.of(train.count))).toBeGreaterThan(2);
    expect(gap(Uint32Array.of(half, half))).toBeLessThan(1);
  });

  it('learns missing values as a case of their own', () => {
    const rows = new Float32Array(400);
    const labels = new Float32Array(400);
    for (let row = 0; row < 400; row++) {
      rows[row] = row % 4 === 0 ? Number.NaN : row % 4;
      labels[row] = row % 4 === 0 ? 5 : row % 4;
    }
    const booster = trainOn({ rows, columns: 1, labels });
    const into = new Float32Array(4);
    booster.predict(Float32Array.of(Number.NaN, 1, 2, 3), 4, 1, into);
    for (const [at, wanted] of [5, 1, 2, 3].entries()) expect(into[at]).toBeCloseTo(wanted, 1);
  });

  it('learns only what the base leaves open', () => {
    const shifted = train.labels.map((label, row) => label + (row % 2 === 0 ? 100 : -100));
    const baseMargin = train.labels.map((_, row) => (row % 2 === 0 ? 100 : -100));
    const corrected = predictTest(trainOn({ labels: shifted, baseMargin }));
    const plain = predictTest(trainOn({}));
    for (let row = 0; row < test.count; row++) expect(corrected[row]).toBeCloseTo(plain[row] as number, 1);
  });

  it('weighs rows', () => {
    const rows = new Float32Array(200);
    const labels = Float32Array.from({ length: 200 }, (_, row) => row % 2);
    const weights = Float32Array.from({ length: 200 }, (_, row) => (row % 2 === 1 ? 9 : 1));
    const booster = trainOn({ rows, columns: 1, labels, weights });
    const into = new Float32Array(1);
    booster.predict(rows, 1, 1, into);
    expect(into[0]).toBeCloseTo(0.9, 2);
    expect(() => trainOn({ weights: new Float32Array(3) })).toThrow(/3 weights where 600 are wanted/);
  });

  // Few rounds with two threads: where other work holds a core, each round waits for OpenMP's spinning threads.
  for (const [threads, rounds] of [
    [1, 60],
    [2, 2],
  ] as const) {
    it(`gives the same bytes for the same seed (${threads} threads) and other bytes for another seed`, () => {
      const params = { subsample: 0.7, colsample_bytree: 0.6 };
      const bytes = (seed: number) =>
        Buffer.from(trainOn({ seed, threads, rounds, params, objective: 'rank:pairwise' }).save());
      const first = bytes(7);
      expect(bytes(7).equals(first)).toBe(true);
      expect(bytes(8).equals(first)).toBe(false);
    });
  }

  it('comes back from its bytes without the library', () => {
    const booster = trainOn({ rounds: 20 });
    const again = loadBooster(booster.save());
    if (isRefusal(again)) throw new Error(again.message());
    expect(again.trees).toBe(20);
    expect(again.columns).toBe(columns);
    expect(predictTest(again)).toEqual(predictTest(booster));
  });

  it('refuses rows of another width and a result that is too small', () => {
    const booster = trainOn({ rounds: 1 });
    expect(() => booster.predict(test.rows, 1, 19, new Float32Array(1))).toThrow(/20 features asked about 19/);
    expect(() => booster.predict(test.rows, 2, columns, new Float32Array(1))).toThrow(/too small/);
  });

  it('says which parameter is not taken', () => {
    const says = { xgboost: /XGBoost: .*max_depth/, 'own-trees': /own trees: max_depth is deep/ };
    expect(() => trainOn({ params: { max_depth: 'deep' } })).toThrow(says[trainer.name]);
  });
});
