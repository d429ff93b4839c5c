import { createAnalyticModel } from '../cost-model/analytic-model.ts';
import type { CostModel } from '../cost-model/cost-model.ts';
import { findBooster } from '../cost-model/find-booster.ts';
import { createFittedModel } from '../cost-model/fitted-model.ts';
import { createRandomModel } from '../cost-model/random-model.ts';
import { createResidualModel } from '../cost-model/residual-model.ts';
import { createXgboostModel } from '../cost-model/xgboost-model.ts';
import { createAnnealingSearch } from '../search/strategies/annealing.ts';
import { createAutoSearch } from '../search/strategies/auto.ts';
import { createBayesianSearch } from '../search/strategies/bayesian.ts';
import { createBeamSearch } from '../search/strategies/beam.ts';
import { createEvolutionSearch } from '../search/strategies/evolution.ts';
import { createGridSearch } from '../search/strategies/grid.ts';
import type { LearnedOptions } from '../search/strategies/learned.ts';
import { createRandomSearch } from '../search/strategies/random.ts';
import { createRankSearch } from '../search/strategies/rank.ts';
import type { SearchSpace, SearchStrategy } from '../search/strategy.ts';
import { explainRefusal } from '../support/refusal.ts';
import type { ModelName, SearchName } from './events.ts';

const creators: Readonly<Record<SearchName, (space: SearchSpace, options: LearnedOptions) => SearchStrategy>> = {
  auto: createAutoSearch,
  beam: createBeamSearch,
  bayesian: createBayesianSearch,
  rank: createRankSearch,
  annealing: createAnnealingSearch,
  evolution: createEvolutionSearch,
  random: (space, { seed }) => createRandomSearch(space, seed),
  grid: createGridSearch,
};

/**
 * A cost model by name. Without the XGBoost library our own trees take its place, and the name says so; where a library is there
 * or was named and cannot be used, `note` says why and what remedies it.
 */
export function createModel(
  name: ModelName,
  type: 'cpu' | 'gpu',
  seed: number,
): { model: CostModel; name: ModelName; note: string | null } {
  if (name === 'analytic') return { model: createAnalyticModel(type), name, note: null };
  if (name === 'random') return { model: createRandomModel(seed), name, note: null };
  const { trainer, missing, broken } = findBooster(name === 'own-trees' ? 'own' : undefined);
  return {
    model: createResidualModel(createFittedModel(type), createXgboostModel(trainer, { seed })),
    name: trainer.name,
    note:
      missing !== null && broken
        ? `XGBoost is not available: ${explainRefusal(missing)}. wgtune's own trees take its place.`
        : null,
  };
}

export function createStrategy(name: SearchName, space: SearchSpace, options: LearnedOptions): SearchStrategy {
  return creators[name](space, options);
}
