import { describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createRandomModel } from '../../src/cost-model/random-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { createAnnealingSearch } from '../../src/search/strategies/annealing.ts';
import { createAutoSearch } from '../../src/search/strategies/auto.ts';
import { createBayesianSearch } from '../../src/search/strategies/bayesian.ts';
import { createBeamSearch } from '../../src/search/strategies/beam.ts';
import { createDoubtingSearch } from '../../src/search/strategies/doubting.ts';
import { createEvolutionSearch } from '../../src/search/strategies/evolution.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { createRankSearch } from '../../src/search/strategies/rank.ts';
import { trainers } from '../cost-model/fixtures.ts';
import { spaceOf } from './spaces.ts';
import { describeStrategyContract } from './strategy.contract.ts';

describeStrategyContract('random search', createRandomSearch);

for (const [name, create] of [
  ['annealing', createAnnealingSearch],
  ['evolution', createEvolutionSearch],
  ['ranking', createRankSearch],
] as const)
  describeStrategyContract(name, (space, seed) =>
    create(space, { seed, model: createAnalyticModel('cpu'), warmUp: 0 }),
  );

describeStrategyContract('the beam with the analytic model', (space, seed) =>
  createBeamSearch(space, { seed, model: createAnalyticModel('cpu') }),
);

describeStrategyContract('the beam with the random model', (space, seed) =>
  createBeamSearch(space, { seed, model: createRandomModel(seed) }),
);

describeStrategyContract('a beam of one, without a random draw', (space, seed) =>
  createBeamSearch(space, { seed, model: createRandomModel(seed), width: 1, epsilon: 0 }),
);

describeStrategyContract('the beam without an acquisition', (space, seed) =>
  createBeamSearch(space, { seed, model: createRandomModel(seed), acquisition: null }),
);

describeStrategyContract('the automatic choice with the analytic model', (space, seed) =>
  createAutoSearch(space, { seed, model: createAnalyticModel('cpu') }),
);

describeStrategyContract('two beams in turn', (space, seed) =>
  createDoubtingSearch(space, {
    name: 'doubting',
    believer: createBeamSearch(space, { seed, model: createRandomModel(seed) }),
    doubter: createBeamSearch(space, { seed, model: createAnalyticModel('cpu') }),
  }),
);

for (const trainer of trainers)
  describeStrategyContract(`the beam with ${trainer.name}`, (space, seed) =>
    createBeamSearch(space, {
      seed,
      model: createResidualModel(
        createAnalyticModel('cpu'),
        createXgboostModel(trainer, { seed, rounds: 10, members: 1 }),
      ),
    }),
  );

describe('the automatic choice', () => {
  const model = createAnalyticModel('cpu');
  it('is Bayesian optimisation where every candidate can be enumerated, and the beam where not', () => {
    expect(createAutoSearch(spaceOf('reduce_sum', 'rows=3,cols=5'), { seed: 1, model }).name).toBe('bayesian');
    expect(createAutoSearch(spaceOf('matmul', 'm=192,n=256,k=160'), { seed: 1, model }).name).toBe('beam');
  });

  it('is only one way: Bayesian optimisation asked for in too large a space is refused with what to do', () => {
    expect(() => createBayesianSearch(spaceOf('matmul', 'm=192,n=256,k=160'), { seed: 1, model })).toThrow(
      /more than 30,000 candidates.*--search beam/,
    );
  });
});
