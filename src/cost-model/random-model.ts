import { createRandom } from '../support/random.ts';
import type { CostModel } from './cost-model.ts';

/** Scores that mean nothing, uniform in [0, 1): the yardstick for the others. Equal seeds and equal calls give equal scores. */
export function createRandomModel(seed: number): CostModel {
  const random = createRandom(seed).fork('random-model');
  return {
    name: 'random',
    trained: false,
    step: 0,
    score: (_rows, count, _columns, into) => {
      for (let row = 0; row < count; row++) into[row] = random.unit();
    },
    fit: () => {},
  };
}
