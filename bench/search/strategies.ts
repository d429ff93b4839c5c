import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import type { CostModel } from '../../src/cost-model/cost-model.ts';
import { createResidualModel } from '../../src/cost-model/residual-model.ts';
import { loadXgboost } from '../../src/cost-model/xgboost-library.ts';
import { createXgboostModel, type XgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { featureCount } from '../../src/features/extractor.ts';
import { createAnnealingSearch } from '../../src/search/annealing.ts';
import { type BeamOptions, createBeamSearch } from '../../src/search/beam.ts';
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

function boosters(seed: number): XgboostModel {
  return createXgboostModel(library(), { seed });
}

/** The analytic model needs our features: on an external space the boosters start from nothing. */
function beam(options: Omit<BeamOptions, 'seed' | 'model'>): Create {
  return (space, seed) => {
    const model =
      space.columns === featureCount ? createResidualModel(createAnalyticModel('cpu'), boosters(seed)) : boosters(seed);
    return createBeamSearch(space, { ...options, seed, model });
  };
}

/** Every strategy by the name the bench prints. */
export const strategies: ReadonlyMap<string, Create> = new Map<string, Create>([
  ['random', createRandomSearch],
  ['grid', (space) => createGridSearch(space)],
  ['annealing', (space, seed) => createAnnealingSearch(space, { seed, model: plainBooster(seed) })],
  ['evolution', (space, seed) => createEvolutionSearch(space, { seed, model: plainBooster(seed) })],
  ['rank', (space, seed) => createRankSearch(space, { seed, model: plainBooster(seed) })],
  ['beam', beam({})],
  // The same with one part changed or left out.
  ['beam:ranks', beam({ chooser: { views: ['ranks'] } })],
  ['beam:logarithms', beam({ chooser: { views: ['logarithms'] } })],
  ['beam:no-products', beam({ chooser: { products: false } })],
  ['beam:nearness-only', beam({ chooser: { individuality: false } })],
  ['beam:warm-up-12', beam({ chooser: { warmUp: 12 } })],
  ['beam:unlisted', beam({ listing: false })],
  ['beam:no-chooser', beam({ chooser: null })],
  ['beam:no-completions', beam({ chooser: null, judgement: 'value' })],
  ['beam:with-value', beam({ chooser: null, judgement: 'both' })],
  ['beam:no-keep-alive', beam({ chooser: null, keepAlive: 0, epsilon: 0 })],
  ['beam:no-analytic', (space, seed) => createBeamSearch(space, { seed, model: boosters(seed), chooser: null })],
]);

/** What a run of the bench compares unless it is told otherwise. */
export const defaultStrategies: readonly string[] = ['random', 'grid', 'annealing', 'evolution', 'rank', 'beam'];
