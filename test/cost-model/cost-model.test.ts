import { describe, expect, it } from 'vitest';
import type { TreeTrainer } from '../../src/cost-model/booster.ts';
import type { CostModel, TrainingData } from '../../src/cost-model/cost-model.ts';
import { createRandomModel } from '../../src/cost-model/random-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel, type XgboostModel, type XgboostModelOptions } from '../../src/cost-model/xgboost-model.ts';
import { pairwiseAccuracy, sample, trainers } from './fixtures.ts';

const columns = 20;
const train = sample(300, columns, 11);
const test = sample(150, columns, 12);

function scores(model: CostModel, data = test): Float32Array {
  const into = new Float32Array(data.count);
  model.score(data.rows, data.count, data.columns, into);
  return into;
}

function boostedBy(trainer: TreeTrainer, options: Partial<XgboostModelOptions> = {}): XgboostModel {
  return createXgboostModel(trainer, { seed: 3, ...options });
}

/** A model that knows one column only; `trust` says how its score relates to the truth. */
function columnModel(column: number, trust: (value: number) => number): CostModel {
  return {
    name: 'column',
    trained: false,
    score: (rows, count, width, into) => {
      for (let row = 0; row < count; row++) into[row] = trust(rows[row * width + column] as number);
    },
    fit: () => {},
  };
}

const models: Record<string, () => CostModel> = {
  random: () => createRandomModel(3),
  ...Object.fromEntries(
    trainers.flatMap((trainer) => [
      [trainer.name, () => boostedBy(trainer)],
      [`${trainer.name}, regression`, () => boostedBy(trainer, { objective: 'reg:squarederror' })],
      [`${trainer.name}, one member`, () => boostedBy(trainer, { members: 1 })],
      [
        `residual, ${trainer.name}`,
        () =>
          createResidualModel(
            columnModel(0, (value) => value),
            boostedBy(trainer),
          ),
      ],
    ]),
  ),
};

describe.each(Object.entries(models))('every cost model: %s', (_name, create) => {
  it('scores with finite numbers before and after it learns, and writes nothing else', async () => {
    const model = create();
    for (let time = 0; time < 2; time++) {
      const into = new Float32Array(test.count + 3).fill(-5);
      const rows = test.rows.slice();
      model.score(rows, test.count, columns, into);
      expect(into.slice(0, test.count).every(Number.isFinite)).toBe(true);
      expect([...into.slice(test.count)]).toEqual([-5, -5, -5]);
      expect(rows).toEqual(test.rows);
      await model.fit(train);
    }
  });

  it('gives the same scores for the same seed and calls', async () => {
    const twice = [create(), create()].map(async (model) => {
      const before = scores(model);
      await model.fit(train);
      return [before, scores(model)];
    });
    const [first, second] = await Promise.all(twice);
    expect(second).toEqual(first);
  });

  it('survives having nothing to score and nothing to learn from', async () => {
    const model = create();
    model.score(new Float32Array(0), 0, columns, new Float32Array(0));
    await model.fit({
      rows: new Float32Array(0),
      columns,
      count: 0,
      labels: new Float32Array(0),
    });
    expect(model.trained).toBe(false);
  });

  it('survives one row, and rows that all failed', async () => {
    const model = create();
    await model.fit({ ...train, count: 1 });
    await model.fit({ ...train, labels: new Float32Array(train.count) });
    expect(scores(model).every(Number.isFinite)).toBe(true);
  });
});

describe('random model', () => {
  it('gives other scores for another seed, spread over [0, 1)', () => {
    const one = scores(createRandomModel(1));
    expect(scores(createRandomModel(2))).not.toEqual(one);
    expect(Math.min(...one)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...one)).toBeLessThan(1);
    expect(Math.max(...one) - Math.min(...one)).toBeGreaterThan(0.8);
  });
});

describe.each(trainers)('a model of boosters by $name', (trainer) => {
  const boosted = (options: Partial<XgboostModelOptions> = {}): XgboostModel => boostedBy(trainer, options);

  for (const objective of ['rank:pairwise', 'reg:squarederror'] as const) {
    it(`puts programs it has not seen in order (${objective})`, async () => {
      const model = boosted({ objective });
      expect(model.trained).toBe(false);
      expect(new Set(scores(model)).size).toBe(1);
      await model.fit(train);
      expect(model.trained).toBe(true);
      expect(pairwiseAccuracy(scores(model), test.labels)).toBeGreaterThan(0.85);
    });
  }

  it('forgets what it learned before', async () => {
    const [fresh, refitted] = [boosted(), boosted()];
    await refitted.fit({ ...train, labels: train.labels.map((label) => 1 - label) });
    await refitted.fit(train);
    await fresh.fit(train);
    expect(scores(refitted)).toEqual(scores(fresh));
  });
});

describe.each(trainers)('a residual model by $name', (trainer) => {
  const boosted = (options: Partial<XgboostModelOptions> = {}): XgboostModel => boostedBy(trainer, options);
  // Few rows, so that prior knowledge must help.
  const few: TrainingData = { ...train, count: 16 };
  const truth = (data: ReturnType<typeof sample>): CostModel => ({
    name: 'truth',
    trained: false,
    score: (rows, count, _columns, into) => {
      const labels = rows === data.rows ? data.labels : test.labels;
      for (let row = 0; row < count; row++) into[row] = 3 * Math.log(labels[row] as number) + 7;
    },
    fit: () => {},
  });

  it('is the base until it is fitted', () => {
    const base = columnModel(0, (value) => value);
    expect(scores(createResidualModel(base, boosted()))).toEqual(scores(base));
  });

  it('keeps what a good base knows', async () => {
    const model = createResidualModel(truth(train), boosted({ objective: 'reg:squarederror' }));
    const alone = boosted({ objective: 'reg:squarederror' });
    await model.fit(few);
    await alone.fit(few);
    expect(pairwiseAccuracy(scores(model), test.labels)).toBeGreaterThan(0.95);
    expect(pairwiseAccuracy(scores(alone), test.labels)).toBeLessThan(0.9);
  });

  it('is not led astray by a base that is wrong', async () => {
    const model = createResidualModel(
      columnModel(7, (value) => (Number.isNaN(value) ? -50 : 50 * value)),
      boosted({ objective: 'reg:squarederror' }),
    );
    await model.fit(train);
    expect(pairwiseAccuracy(scores(model), test.labels)).toBeGreaterThan(0.85);
  });
});
