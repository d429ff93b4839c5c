import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { createBeamSearch } from '../../src/search/strategies/beam.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import type { SearchStrategy } from '../../src/search/strategy.ts';
import { trainers } from '../cost-model/fixtures.ts';
import { bestOf, runSearch, spaceOf } from './spaces.ts';

const seeds = [1, 2, 3, 4, 5];
const trials = 64;
const space = spaceOf('matmul', 'm=256,n=256,k=256');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function bestTimes(create: (seed: number) => SearchStrategy): Promise<number[]> {
  const times: number[] = [];
  for (const seed of seeds) times.push(bestOf(await runSearch(space, create(seed), trials, undefined, 16)));
  return times;
}

describe(`on a synthetic device, ${trials} trials, ${seeds.length} seeds`, () => {
  it.each(trainers)(
    'the beam with $name finds faster kernels than random search',
    { timeout: 60_000 },
    async (trainer) => {
      const random = await bestTimes((seed) => createRandomSearch(space, seed));
      const beam = await bestTimes((seed) =>
        createBeamSearch(space, {
          seed,
          model: createResidualModel(createAnalyticModel('cpu'), createXgboostModel(trainer, { seed })),
        }),
      );
      const said = `beam ${beam.map((time) => Math.round(time / 1e3))}, random ${random.map((time) => Math.round(time / 1e3))}`;
      expect(median(beam), said).toBeLessThan(0.85 * median(random));
      expect(Math.max(...beam), said).toBeLessThan(median(random));
    },
  );
});
