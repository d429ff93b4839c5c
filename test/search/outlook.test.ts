import { expect, it } from 'vitest';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createOutlook } from '../../src/search/outlook.ts';
import type { SearchSpace } from '../../src/search/strategy.ts';
import { createRandom } from '../../src/support/random.ts';

const space: SearchSpace = {
  columns: 2,
  sketches: [
    {
      name: 'two',
      decisions: ['a', 'b'].map((name) => ({ name, doc: '', options: [1, 2] })),
      // Behind a = 2 there is nothing.
      createPruner: () => ({ check: (values) => (values[0] === 2 && !Number.isNaN(values[1]) ? 'nothing' : null) }),
      createExtractor: () => ({ extract: (values, out, at) => out.set(values, at) }),
    },
  ],
};

/** Predicts the logarithm of a throughput: a half for b = 1, more than there is for b = 2. */
const model: CostModel = {
  name: 'made up',
  trained: true,
  fit: () => {},
  score: (rows, count, columns, into) => {
    for (let row = 0; row < count; row++) into[row] = rows[row * columns + 1] === 1 ? Math.log(0.5) : 3;
  },
};

it('is the throughput that the model expects of the best completion, at most that of the best known', () => {
  const outlook = createOutlook(space, model, createRandom(1));
  expect(outlook(0, [1, 1])).toBeCloseTo(0.5);
  expect(outlook(0, [1, 2])).toBe(1);
  expect([0.5, 1]).toContain(Number(outlook(0, [1]).toFixed(6)));
  expect(outlook(0, [2])).toBe(0);
});
