import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { createAnnealingSearch } from '../../src/search/annealing.ts';
import { createBeamSearch } from '../../src/search/beam.ts';
import { createEvolutionSearch } from '../../src/search/evolution.ts';
import { createGridSearch } from '../../src/search/grid-search.ts';
import { createRandomSearch } from '../../src/search/random-search.ts';
import { createRankSearch } from '../../src/search/rank-search.ts';
import type { SearchSpace, SearchStrategy } from '../../src/search/strategy.ts';
import { UserError } from '../../src/support/errors.ts';
import { explainRefusal, isRefusal } from '../../src/support/refusal.ts';

type Create = (space: SearchSpace, seed: number) => SearchStrategy;

/** A single booster, as the tools have whose ways the baselines follow. */
function plainBooster(seed: number): CostModel {
  return createXgboostModel(library(), { seed, members: 1, objective: 'reg:squarederror' });
}

function library() {
  const found = loadXgboost();
  if (isRefusal(found)) throw new UserError(`the bench of searches needs XGBoost: ${explainRefusal(found)}`);
  return found;
}

/** Every strategy by the name the bench prints. */
export const strategies: ReadonlyMap<string, Create> = new Map<string, Create>([
  ['random', createRandomSearch],
  ['grid', (space) => createGridSearch(space)],
  ['annealing', (space, seed) => createAnnealingSearch(space, { seed, model: plainBooster(seed) })],
  ['evolution', (space, seed) => createEvolutionSearch(space, { seed, model: plainBooster(seed) })],
  ['rank', (space, seed) => createRankSearch(space, { seed, model: plainBooster(seed) })],
  ['beam', (space, seed) => createBeamSearch(space, { seed, model: createXgboostModel(library(), { seed }) })],
]);

/** What a run of the bench compares unless it is told otherwise. */
export const defaultStrategies: readonly string[] = ['random', 'grid', 'annealing', 'evolution', 'rank', 'beam'];
