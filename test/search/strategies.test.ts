import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { createRandomModel } from '../../src/cost-model/random-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { createAnnealingSearch } from '../../src/search/annealing.ts';
import { createBeamSearch } from '../../src/search/beam.ts';
import { createEvolutionSearch } from '../../src/search/evolution.ts';
import { createRandomSearch } from '../../src/search/random-search.ts';
import { createRankSearch } from '../../src/search/rank-search.ts';
import { xgboost, xgboostMissing } from '../cost-model/fixtures.ts';
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
  createBeamSearch(space, { seed, model: createRandomModel(seed), width: 1, keepAlive: 0, epsilon: 0 }),
);

describeStrategyContract('the beam in three passes, with a draft model', (space, seed) =>
  createBeamSearch(space, {
    seed,
    model: createRandomModel(seed),
    draft: createAnalyticModel('cpu'),
    passes: 3,
    chooser: null,
    listing: false,
  }),
);

if (!xgboostMissing) {
  describeStrategyContract('the beam with iterated values', (space, seed) =>
    createBeamSearch(space, {
      seed,
      judgement: 'value',
      bootstrap: true,
      chooser: null,
      model: createXgboostModel(xgboost(), { seed, rounds: 10, members: 1, objective: 'reg:squarederror' }),
    }),
  );
  for (const judgement of ['both', 'value', 'completions'] as const) {
    describeStrategyContract(`the beam with XGBoost, prefixes judged by ${judgement}`, (space, seed) =>
      createBeamSearch(space, {
        seed,
        judgement,
        model: createResidualModel(
          createAnalyticModel('cpu'),
          createXgboostModel(xgboost(), { seed, rounds: 10, members: 1 }),
        ),
      }),
    );
  }
}
